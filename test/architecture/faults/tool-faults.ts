import type { steps } from '../../gates/steps.ts';
import type { Fault } from '../copy-tree.ts';

interface ToolFault {
  readonly step: keyof typeof steps;
  readonly title: string;
  /** What the tool prints about this fault and no other. */
  readonly finding: RegExp;
  readonly fault: Fault;
}

const canary = 'libs/kernel/src/canary.ts';
const inIndex = (before: string): string => `${before}export { canary } from './canary.ts';\n`;

/** Faults that the whole tool must find in the whole tree. */
export const toolFaults: readonly ToolFault[] = [
  {
    step: 'oxfmt',
    title: 'double quotes',
    finding: /libs\/kernel\/src\/canary\.ts[^]*Format issues found/,
    fault: { [canary]: () => 'export const canary = "x";\n' },
  },
  {
    step: 'oxlint',
    title: 'a floating promise anywhere',
    finding: /typescript\(no-floating-promises\)[^]*libs\/kernel\/src\/canary\.ts/,
    fault: { [canary]: () => 'export const canary = (): void => {\n  Promise.resolve(1);\n};\n' },
  },
  {
    step: 'tsc',
    title: 'a type error',
    finding: /libs\/kernel\/src\/canary\.ts\(1,14\): error TS2322/,
    fault: { [canary]: () => "export const canary: number = 'x';\n" },
  },
  {
    step: 'tsc',
    title: 'syntax that Node cannot strip',
    finding: /libs\/kernel\/src\/canary\.ts\(1,13\): error TS1294/,
    fault: { [canary]: () => 'export enum Canary {\n  x,\n}\n' },
  },
  {
    step: 'tsc',
    title: 'an index that may be missing',
    finding: /libs\/kernel\/src\/canary\.ts\(1,\d+\): error TS2322/,
    fault: { [canary]: () => 'export const canary = (list: string[]): string => list[0];\n' },
  },
  {
    step: 'tsc',
    title: 'an import behind the barrel of a package',
    finding: /libs\/store\/src\/canary\.ts\(1,\d+\): error TS2307/,
    fault: { 'libs/store/src/canary.ts': () => "export { Secret } from '@ccg/kernel/src/secret.ts';\n" },
  },
  {
    step: 'knip',
    title: 'a file that nothing imports',
    finding: /Unused files[^]*libs\/kernel\/src\/canary\.ts/,
    fault: { [canary]: () => 'export const canary = 1;\n' },
  },
  {
    step: 'knip',
    title: 'an export that nothing imports',
    finding: /Unused exports[^]*unusedCanary[^]*libs\/kernel\/src\/canary\.ts/,
    fault: {
      [canary]: () => 'export const canary = 1;\nexport const unusedCanary = 2;\n',
      'libs/kernel/src/index.ts': inIndex,
    },
  },
  {
    step: 'knip',
    title: 'a dependency that nothing imports',
    finding: /Unused dependencies[^]*express\s+libs\/kernel\/package\.json/,
    fault: {
      'libs/kernel/package.json': (before) =>
        before.replace(/\n}\n$/, ',\n  "dependencies": { "express": "5.3.0" }\n}\n'),
    },
  },
  {
    step: 'knip --strict',
    title: 'a file that only its test imports',
    finding: /Unused files[^]*libs\/kernel\/src\/canary\.ts/,
    fault: {
      [canary]: () => 'export const canary = 1;\n',
      'libs/kernel/src/canary.test.ts': () => "import { canary } from './canary.ts';\nexport const x = canary;\n",
    },
  },
  {
    step: 'knip --strict',
    title: 'an import that only another package declares',
    finding: /Unlisted dependencies[^]*express\s+libs\/kernel\/src\/canary\.ts/,
    fault: {
      [canary]: () => "import express from 'express';\nexport const canary = express();\n",
      'libs/kernel/src/index.ts': inIndex,
    },
  },
];
