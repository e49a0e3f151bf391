import type { Fault } from '../copy-tree.ts';

interface ImportFault {
  readonly title: string;
  readonly fault: Fault;
  readonly finding: string;
}

/** A new file of one statement, and the one finding that it must give. */
function denied(rule: string, file: string, statement: string, what: string): Omit<ImportFault, 'title'> {
  return { fault: { [file]: () => `${statement}\n` }, finding: `${file}: ${rule} import of '${what}'` };
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

const kernelManifest = 'libs/kernel/package.json';

export const dependencyFaults: readonly ImportFault[] = [
  {
    title: 'an import without a declaration',
    fault: { 'libs/kernel/src/canary.ts': () => "import 'undici';\n" },
    finding: "libs/kernel: undeclared dependency 'undici'",
  },
  {
    title: 'a test import without a declaration',
    fault: { 'libs/kernel/src/canary.test.ts': () => "import 'pino';\n" },
    finding: "libs/kernel: undeclared dependency 'pino'",
  },
  {
    title: 'a declaration without an import',
    fault: {
      [kernelManifest]: (before) => before.replace(/\n}\n$/, ',\n  "dependencies": { "undici": "8.12.4" }\n}\n'),
    },
    finding: "libs/kernel: unused dependency 'undici'",
  },
  {
    title: 'a production dependency that only tests import',
    fault: {
      [kernelManifest]: (before) => before.replace(/\n}\n$/, ',\n  "dependencies": { "undici": "8.12.4" }\n}\n'),
      'libs/kernel/src/canary.test.ts': () => "import 'undici';\n",
    },
    finding: "libs/kernel: dependency 'undici' is only for tests",
  },
];
