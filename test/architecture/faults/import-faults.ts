interface ImportFault {
  readonly title: string;
  readonly file: string;
  readonly source: string;
  /** The one finding that the file must give. */
  readonly finding: string;
}

/** A file of one statement. */
function denied(rule: string, file: string, statement: string, what: string): Omit<ImportFault, 'title'> {
  return { file, source: `${statement}\n`, finding: `${file}: ${rule} import of '${what}'` };
}

/** One fault for every rule, and every form in which an import can be written. */
export const importFaults: readonly ImportFault[] = [
  { title: 'upwards', ...denied('own', 'libs/kernel/src/canary.ts', "import '@ccg/wire';", '@ccg/wire') },
  {
    title: 'of a type, upwards',
    ...denied('own', 'libs/wire/src/canary.ts', "import type { Provider } from '@ccg/catalog';", '@ccg/catalog'),
  },
  {
    title: 'of a type, inside of a type',
    ...denied('own', 'libs/wire/src/canary.ts', "export type A = import('@ccg/catalog').Provider;", '@ccg/catalog'),
  },
  {
    title: 'of an app by a lib',
    ...denied('own', 'libs/serving/src/canary.ts', "export * from '@ccg/gateway';", '@ccg/gateway'),
  },
  {
    title: 'of an app by an app',
    ...denied('own', 'apps/gateway/src/canary.ts', "import '@ccg/local';", '@ccg/local'),
  },
  {
    title: 'of a package of the registry that the table does not list',
    ...denied('external', 'libs/translation/src/canary.ts', "export { z } from 'zod';", 'zod'),
  },
  {
    title: 'dynamic and not listed',
    ...denied('external', 'libs/serving/src/canary.ts', "export const x = await import('undici');", 'undici'),
  },
  {
    title: 'not listed, by a test',
    ...denied('external', 'libs/wire/src/canary.test.ts', "import 'ioredis';", 'ioredis'),
  },
  { title: 'of node: in a pure package', ...denied('node', 'libs/wire/src/canary.ts', "import 'node:fs';", 'node:fs') },
  {
    title: 'of a builtin without its prefix',
    ...denied('external', 'libs/store/src/canary.ts', "import { readFileSync } from 'fs';", 'fs'),
  },
  {
    title: 'behind the barrel of a package',
    ...denied('deep', 'libs/store/src/canary.ts', "import '@ccg/kernel/src/secret.ts';", '@ccg/kernel/src/secret.ts'),
  },
  {
    title: 'out of the package by a relative path',
    ...denied('deep', 'libs/store/src/canary.ts', "import '../../kernel/src/index.ts';", '../../kernel/src/index.ts'),
  },
  {
    title: 'of the testkit by production code',
    ...denied('test-only', 'apps/gateway/src/canary.ts', "import '@ccg/testkit';", '@ccg/testkit'),
  },
  {
    title: 'of a test tool by production code',
    ...denied('test-only', 'libs/wire/src/canary.ts', "import fc from 'fast-check';", 'fast-check'),
  },
  {
    title: 'of cryptography outside of credentials',
    ...denied('confined', 'libs/tenancy/src/canary.ts', "import 'node:crypto';", 'node:crypto'),
  },
  {
    title: 'of the mock outside of the demo',
    ...denied('confined', 'apps/local/src/canary.ts', "import '@copilotkit/aimock';", '@copilotkit/aimock'),
  },
  {
    title: 'of one dialect by another',
    ...denied(
      'closed',
      'libs/translation/src/anthropic/canary.ts',
      "import type { ChatMedia } from '../openai-chat/request/media.ts';",
      '../openai-chat/request/media.ts',
    ),
  },
  {
    title: 'of a dialect by what all dialects share',
    ...denied(
      'closed',
      'libs/translation/src/history/canary.ts',
      "import '../anthropic/stream.ts';",
      '../anthropic/stream.ts',
    ),
  },
  {
    title: 'known to the running program alone',
    ...denied(
      'computed',
      'libs/store/src/canary.ts',
      'export const x = async (a: string): Promise<unknown> => import(a);',
      'import(a)',
    ),
  },
  {
    title: 'of a package without a row',
    ...denied('unlisted', 'libs/canary/src/index.ts', "import '@ccg/kernel';", '@ccg/kernel'),
  },
];

interface DependencyFault {
  readonly title: string;
  /** What the kernel declares on top of what it does. */
  readonly declares: readonly string[];
  /** A file that the kernel has on top of those that it has. */
  readonly file?: { readonly path: string; readonly source: string };
  readonly finding: string;
}

/** Faults between the manifest of the kernel and its files. */
export const dependencyFaults: readonly DependencyFault[] = [
  {
    title: 'an import without a declaration',
    declares: [],
    file: { path: 'libs/kernel/src/canary.ts', source: "import 'undici';\n" },
    finding: "libs/kernel: undeclared dependency 'undici'",
  },
  {
    title: 'a test import without a declaration',
    declares: [],
    file: { path: 'libs/kernel/src/canary.test.ts', source: "import 'pino';\n" },
    finding: "libs/kernel: undeclared dependency 'pino'",
  },
  {
    title: 'a declaration without an import',
    declares: ['undici'],
    finding: "libs/kernel: unused dependency 'undici'",
  },
  {
    title: 'a production dependency that only tests import',
    declares: ['undici'],
    file: { path: 'libs/kernel/src/canary.test.ts', source: "import 'undici';\n" },
    finding: "libs/kernel: dependency 'undici' is only for tests",
  },
];

interface CircleFault {
  readonly title: string;
  /** Of one folder. */
  readonly files: Readonly<Record<string, string>>;
  readonly findings: readonly string[];
}

const circleOf = (...files: readonly string[]) => files.map((file) => `libs/kernel/src/${file}`).join(' → ');

export const circleFaults: readonly CircleFault[] = [
  {
    title: 'of two files, by a type',
    files: { 'a.ts': "import type { B } from './b.ts';\n", 'b.ts': "import { a } from './a.ts';\n" },
    findings: [circleOf('a.ts', 'b.ts', 'a.ts')],
  },
  {
    title: 'of three files, one of them in a folder, that a fourth imports',
    files: {
      'start.ts': "import './a.ts';\n",
      'a.ts': "export * from './in/b.ts';\n",
      'in/b.ts': "export type C = import('../c.ts').C;\n",
      'c.ts': "export const a = await import('./a.ts');\n",
    },
    findings: [circleOf('a.ts', 'in/b.ts', 'c.ts', 'a.ts')],
  },
  {
    title: 'of one file',
    files: { 'a.ts': "import './a.ts';\n" },
    findings: [circleOf('a.ts', 'a.ts')],
  },
  {
    title: 'none, where two files import what imports nothing',
    files: {
      'a.ts': "import './b.ts';\nimport './c.ts';\n",
      'b.ts': "import './c.ts';\nimport './data.json';\n",
      'c.ts': '',
    },
    findings: [],
  },
];
