import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

import type { ChartTools } from './chart-tools.ts';
import { mustRun, runProgram } from './run-program.ts';

/** The folder of the chart. */
export const chartFolder: string = fileURLToPath(new URL('../../../helm/claude-code-gateway/', import.meta.url));

/** The names of the values in `ci/`, each of which is a way to install the chart. */
export const installations: readonly string[] = globSync('ci/*-values.yaml', { cwd: chartFolder })
  .map((file) => basename(file, '-values.yaml'))
  .toSorted();

/** The oldest version of Kubernetes that is supported, one in the middle and the newest that is tested. */
export const kubeVersions = ['1.27.0', '1.30.0', '1.37.0'] as const;
const usualVersion = '1.30.0';

/** One object of Kubernetes. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly [member: string]: unknown;
}

export interface RenderedObject {
  /** Kind and name, such as `Service/ccg-gateway`. */
  readonly name: string;
  readonly text: string;
  readonly object: KubeObject;
}

/** Values beside those of a file in `ci/`. */
export type Values = Readonly<Record<string, unknown>>;

export interface Chart {
  /** The objects of an installation, by name. Throws what helm says where it refuses. */
  readonly render: (installation: string, options?: RenderOptions) => Promise<readonly RenderedObject[]>;
  /** What helm says of values that it refuses. */
  readonly refusal: (installation: string | undefined, options: RenderOptions) => Promise<string>;
  readonly lint: (installation: string) => Promise<string>;
  /** What helm says to the operator after an installation. */
  readonly notes: (installation: string, values?: Values) => Promise<string>;
}

interface RenderOptions {
  readonly values?: Values;
  /** As `--set` takes it, whose numbers are of another type than those of a file. */
  readonly set?: string;
  readonly kubeVersion?: string;
}

export function createChart({ helm }: Pick<ChartTools, 'helm'>): Chart {
  const template = async (
    installation: string | undefined,
    { values = {}, set, kubeVersion = usualVersion }: RenderOptions,
  ) => {
    const files = installation === undefined ? [] : ['--values', fileOf(installation)];
    const args = ['template', 'ccg', chartFolder, '--namespace', 'claude', '--kube-version', kubeVersion];
    const single = set === undefined ? [] : ['--set', set];
    return await runProgram(helm, [...args, ...files, '--values', '-', ...single], { input: JSON.stringify(values) });
  };
  return {
    async render(installation, options = {}) {
      const { code, stdout, stderr } = await template(installation, options);
      if (code !== 0) throw new Error(stderr);
      return objectsOf(stdout);
    },
    async refusal(installation, options) {
      const { code, stderr } = await template(installation, options);
      if (code === 0) throw new Error('helm took these values.');
      return stderr;
    },
    async notes(installation, values = {}) {
      const args = ['install', 'ccg', chartFolder, '--namespace', 'claude', '--dry-run=client'];
      const files = ['--values', fileOf(installation), '--values', '-'];
      const { stdout } = await mustRun(helm, [...args, ...files], { input: JSON.stringify(values) });
      return stdout.slice(stdout.indexOf('NOTES:\n') + 'NOTES:\n'.length);
    },
    async lint(installation) {
      const { stdout, stderr } = await runProgram(helm, [
        'lint',
        '--strict',
        chartFolder,
        '--values',
        fileOf(installation),
      ]);
      return `${stdout}${stderr}`;
    },
  };
}

const fileOf = (installation: string): string => `${chartFolder}ci/${installation}-values.yaml`;

/** Kubernetes reads YAML 1.1, in which 0440 is octal. */
function objectsOf(text: string): readonly RenderedObject[] {
  const texts = text.split(/^---\n/mu).map((part) => part.replace(/^# Source: .*\n/u, '').trim());
  return texts
    .flatMap((part) =>
      parseAllDocuments(part, { version: '1.1' }).map((document) => ({
        part,
        object: document.toJS() as KubeObject | null,
      })),
    )
    .flatMap(({ part, object }) =>
      object === null ? [] : [{ name: `${object.kind}/${object.metadata.name}`, text: `${part}\n`, object }],
    )
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}
