import type { Fault } from '../copy-tree.ts';

interface LintFault {
  readonly title: string;
  /** As oxlint prints it. */
  readonly rule: string;
  /** The file that oxlint must name. */
  readonly file: string;
  readonly fault: Fault;
}

type PlantedFile = Pick<LintFault, 'file' | 'fault'>;

const planted = (file: string, source: string): PlantedFile => ({ file, fault: { [file]: () => `${source}\n` } });
const inLib = (name: string, source: string): PlantedFile => planted(`libs/kernel/src/canary-${name}.ts`, source);
const inApp = (name: string, source: string): PlantedFile => planted(`apps/gateway/src/canary-${name}.ts`, source);
const inPure = (name: string, source: string): PlantedFile => planted(`libs/translation/src/canary-${name}.ts`, source);
const inTest = (name: string, source: string): PlantedFile => planted(`libs/kernel/src/canary-${name}.test.ts`, source);

/** Two files that import each other. */
const cycle = (one: string, two: string, via: { readonly one: string; readonly two: string }): PlantedFile => ({
  file: one,
  fault: {
    [one]: () => `import { two } from '${via.two}';\nexport const one = (): number => two();\n`,
    [two]: () => `import { one } from '${via.one}';\nexport const two = (): number => one();\n`,
  },
});

/** One fault for every rule that the project chose, each in a file of its own, so that all can be planted at once. */
export const lintFaults: readonly LintFault[] = [
  { title: 'any', rule: 'typescript(no-explicit-any)', ...inLib('any', 'export const x: any = 1;') },
  {
    title: 'a non-null assertion',
    rule: 'typescript(no-non-null-assertion)',
    ...inLib('non-null', 'export const x = (list: string[]): string => list[0]!;'),
  },
  {
    title: 'a promise that nobody awaits (needs types)',
    rule: 'typescript(no-floating-promises)',
    ...inLib('floating', 'const run = async (): Promise<void> => {};\nexport function start(): void {\n  run();\n}'),
  },
  {
    title: 'a promise where a condition stands (needs types)',
    rule: 'typescript(no-misused-promises)',
    ...inLib('misused', 'export const x = (p: Promise<boolean>): number => {\n  if (p) return 1;\n  return 2;\n};'),
  },
  {
    title: 'a switch that misses a case (needs types)',
    rule: 'typescript(switch-exhaustiveness-check)',
    ...inLib('switch', "export function x(kind: 'a' | 'b'): void {\n  switch (kind) {\n    case 'a':\n  }\n}"),
  },
  {
    title: 'a type imported as a value',
    rule: 'typescript(consistent-type-imports)',
    ...inLib('type', "import { Clock } from './clock.ts';\nexport type Canary = Clock;"),
  },
  {
    title: 'an ignored compiler error',
    rule: 'typescript(ban-ts-comment)',
    ...inLib('ignored', '// @ts-ignore\nexport const x: number = 1;'),
  },
  {
    title: 'two files that import each other',
    rule: 'import(no-cycle)',
    ...cycle('libs/kernel/src/canary-one.ts', 'libs/kernel/src/canary-two.ts', {
      one: './canary-one.ts',
      two: './canary-two.ts',
    }),
  },
  twoPackages(),
  { title: 'a default export', rule: 'import(no-default-export)', ...inLib('default', 'export default 1;') },
  {
    title: 'a file name in camel case',
    rule: 'unicorn(filename-case)',
    ...planted('libs/kernel/src/canaryName.ts', 'export const x = 1;'),
  },
  {
    title: 'a production file of more than 300 lines',
    rule: 'eslint(max-lines)',
    ...inLib('long', `export const x = 1;${'\n// more'.repeat(300)}`),
  },
  {
    title: 'a test of more than 400 lines',
    rule: 'eslint(max-lines)',
    ...inTest('long', `export const x = 1;${'\n// more'.repeat(400)}`),
  },
  {
    title: 'a long function',
    rule: 'eslint(max-lines-per-function)',
    ...inLib('long-function', `export function x(): void {${'\n  // more'.repeat(70)}\n}`),
  },
  { title: 'the console in a lib', rule: 'eslint(no-console)', ...inLib('console', "console.log('x');") },
  {
    title: 'the environment read outside of main.ts',
    rule: 'eslint(no-restricted-properties)',
    ...inApp('environment', "export const x = process.env['X'];"),
  },
  {
    title: 'the environment taken by destructuring',
    rule: 'eslint(no-restricted-properties)',
    ...inApp('destructured', 'export const { env } = process;'),
  },
  {
    title: 'the environment through the global object',
    rule: 'eslint(no-restricted-properties)',
    ...inApp('global', "export const x = globalThis.process.env['X'];"),
  },
  {
    title: 'the environment through an import',
    rule: 'eslint(no-restricted-imports)',
    ...inApp('imported', "import { env } from 'node:process';\nexport const x = env['X'];"),
  },
  {
    title: 'a clock in a pure package',
    rule: 'eslint(no-restricted-properties)',
    ...inPure('clock', 'export const x = (): number => Date.now();'),
  },
  {
    title: 'randomness in a pure package',
    rule: 'eslint(no-restricted-properties)',
    ...inPure('random', 'export const x = (): number => Math.random();'),
  },
  {
    title: 'a timer in a pure package',
    rule: 'eslint(no-restricted-globals)',
    ...inPure('timer', 'setTimeout(() => {}, 1);'),
  },
  {
    title: 'a focused test',
    rule: 'vitest(no-focused-tests)',
    ...inTest('focused', "import { test } from 'vitest';\ntest.only('x', () => {});"),
  },
  {
    title: 'a skipped test',
    rule: 'vitest(no-disabled-tests)',
    ...inTest('skipped', "import { test } from 'vitest';\ntest.skip('x', () => {});"),
  },
  {
    title: 'a disable that disables nothing',
    rule: 'Unused oxlint-disable',
    ...inLib('disable', '// oxlint-disable-next-line no-console -- There was one once.\nexport const x = 1;'),
  },
];

function twoPackages(): LintFault {
  const inKernel = 'libs/kernel/src/canary-kernel.ts';
  const { fault } = cycle(inKernel, 'libs/store/src/canary-store.ts', { one: '@ccg/kernel', two: '@ccg/store' });
  return {
    title: 'two packages that import each other',
    rule: 'import(no-cycle)',
    file: inKernel,
    fault: {
      ...fault,
      'libs/kernel/src/index.ts': (before) => `${before}export { one } from './canary-kernel.ts';\n`,
      'libs/store/src/index.ts': (before) => `${before}export { two } from './canary-store.ts';\n`,
    },
  };
}
