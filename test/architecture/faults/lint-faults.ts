import type { Fault } from '../copy-tree.ts';

interface LintFault {
  readonly title: string;
  /** As oxlint prints it. */
  readonly rule: string;
  readonly fault: Fault;
}

const lib = 'libs/kernel/src/canary.ts';
const app = 'apps/gateway/src/canary.ts';
const pure = 'libs/translation/src/canary.ts';
const testFile = 'libs/kernel/src/canary.test.ts';

const file = (path: string, source: string): Fault => ({ [path]: () => `${source}\n` });

/** One fault for every rule that the project chose, each alone in its file. */
export const lintFaults: readonly LintFault[] = [
  { title: 'any', rule: 'typescript(no-explicit-any)', fault: file(lib, 'export const x: any = 1;') },
  {
    title: 'a non-null assertion',
    rule: 'typescript(no-non-null-assertion)',
    fault: file(lib, 'export const x = (list: string[]): string => list[0]!;'),
  },
  {
    title: 'a promise that nobody awaits (needs types)',
    rule: 'typescript(no-floating-promises)',
    fault: file(lib, 'const run = async (): Promise<void> => {};\nexport function start(): void {\n  run();\n}'),
  },
  {
    title: 'a promise where a condition stands (needs types)',
    rule: 'typescript(no-misused-promises)',
    fault: file(
      lib,
      'export const x = (ready: Promise<boolean>): number => {\n  if (ready) return 1;\n  return 2;\n};',
    ),
  },
  {
    title: 'a switch that misses a case (needs types)',
    rule: 'typescript(switch-exhaustiveness-check)',
    fault: file(lib, "export function x(kind: 'a' | 'b'): void {\n  switch (kind) {\n    case 'a':\n  }\n}"),
  },
  {
    title: 'a type imported as a value',
    rule: 'typescript(consistent-type-imports)',
    fault: file(lib, "import { Clock } from './clock.ts';\nexport type Canary = Clock;"),
  },
  {
    title: 'an ignored compiler error',
    rule: 'typescript(ban-ts-comment)',
    fault: file(lib, '// @ts-ignore\nexport const x: number = 1;'),
  },
  {
    title: 'two files that import each other',
    rule: 'import(no-cycle)',
    fault: {
      ...file(lib, "import { two } from './canary-two.ts';\nexport const one = (): number => two();"),
      ...file(
        'libs/kernel/src/canary-two.ts',
        "import { one } from './canary.ts';\nexport const two = (): number => one();",
      ),
    },
  },
  {
    title: 'two packages that import each other',
    rule: 'import(no-cycle)',
    fault: {
      'libs/kernel/src/index.ts': (before) => `${before}export { one } from './canary.ts';\n`,
      ...file(lib, "import { two } from '@ccg/store';\nexport const one = (): number => two();"),
      'libs/store/src/index.ts': (before) => `${before}export { two } from './canary.ts';\n`,
      ...file(
        'libs/store/src/canary.ts',
        "import { one } from '@ccg/kernel';\nexport const two = (): number => one();",
      ),
    },
  },
  { title: 'a default export', rule: 'import(no-default-export)', fault: file(lib, 'export default 1;') },
  {
    title: 'a file name in camel case',
    rule: 'unicorn(filename-case)',
    fault: file('libs/kernel/src/canaryName.ts', 'export const x = 1;'),
  },
  {
    title: 'a long file',
    rule: 'eslint(max-lines)',
    fault: file(lib, `export const x = 1;${'\n// more'.repeat(400)}`),
  },
  {
    title: 'a long function',
    rule: 'eslint(max-lines-per-function)',
    fault: file(lib, `export function x(): void {${'\n  // more'.repeat(70)}\n}`),
  },
  { title: 'the console in a lib', rule: 'eslint(no-console)', fault: file(lib, "console.log('x');") },
  {
    title: 'the environment read outside of main.ts',
    rule: 'eslint(no-restricted-properties)',
    fault: file(app, "export const x = process.env['X'];"),
  },
  {
    title: 'the environment taken by destructuring',
    rule: 'eslint(no-restricted-properties)',
    fault: file(app, 'export const { env } = process;'),
  },
  {
    title: 'the environment through the global object',
    rule: 'eslint(no-restricted-properties)',
    fault: file(app, "export const x = globalThis.process.env['X'];"),
  },
  {
    title: 'the environment through an import',
    rule: 'eslint(no-restricted-imports)',
    fault: file(app, "import { env } from 'node:process';\nexport const x = env['X'];"),
  },
  {
    title: 'a clock in a pure package',
    rule: 'eslint(no-restricted-properties)',
    fault: file(pure, 'export const x = (): number => Date.now();'),
  },
  {
    title: 'randomness in a pure package',
    rule: 'eslint(no-restricted-properties)',
    fault: file(pure, 'export const x = (): number => Math.random();'),
  },
  {
    title: 'a timer in a pure package',
    rule: 'eslint(no-restricted-globals)',
    fault: file(pure, 'setTimeout(() => {}, 1);'),
  },
  {
    title: 'a focused test',
    rule: 'vitest(no-focused-tests)',
    fault: file(testFile, "import { test } from 'vitest';\ntest.only('x', () => {});"),
  },
  {
    title: 'a skipped test',
    rule: 'vitest(no-disabled-tests)',
    fault: file(testFile, "import { test } from 'vitest';\ntest.skip('x', () => {});"),
  },
  {
    title: 'a disable that disables nothing',
    rule: 'Unused oxlint-disable',
    fault: file(lib, '// oxlint-disable-next-line no-console -- There was one once.\nexport const x = 1;'),
  },
];
