import type { steps } from '../../gates/steps.ts';
import type { Fault } from '../copy-tree.ts';

interface ToolFault {
  readonly title: string;
  /** What the tool prints about this fault and no other. */
  readonly finding: RegExp;
  readonly fault: Fault;
}

/** A new file of the kernel that index.ts exports, so that the only thing wrong with it is what it holds. */
const exported = (name: string, source: string): Fault => ({
  [`libs/kernel/src/canary-${name}.ts`]: () => source,
  'libs/kernel/src/index.ts': (before) => `${before}export { canary } from './canary-${name}.ts';\n`,
});
const inKernel = (name: string, source: string): Fault => ({ [`libs/kernel/src/canary-${name}.ts`]: () => source });

/** Faults that a tool must find in the whole tree, all of them in one run. */
export const toolFaults: Readonly<Record<Exclude<keyof typeof steps, 'oxlint'>, readonly ToolFault[]>> = {
  oxfmt: [
    {
      title: 'double quotes',
      finding: /libs\/kernel\/src\/canary-quotes\.ts[^]*Format issues found/,
      fault: inKernel('quotes', 'export const canary = "x";\n'),
    },
  ],
  tsc: [
    {
      title: 'a type error',
      finding: /libs\/kernel\/src\/canary-type\.ts\(1,14\): error TS2322/,
      fault: inKernel('type', "export const canary: number = 'x';\n"),
    },
    {
      title: 'syntax that Node cannot strip',
      finding: /libs\/kernel\/src\/canary-enum\.ts\(1,13\): error TS1294/,
      fault: inKernel('enum', 'export enum Canary {\n  x,\n}\n'),
    },
    {
      title: 'an index that may be missing',
      finding: /libs\/kernel\/src\/canary-index\.ts\(1,\d+\): error TS2322/,
      fault: inKernel('index', 'export const canary = (list: string[]): string => list[0];\n'),
    },
    {
      title: 'an import behind the barrel of a package',
      finding: /libs\/store\/src\/canary-deep\.ts\(1,\d+\): error TS2307/,
      fault: { 'libs/store/src/canary-deep.ts': () => "export { Secret } from '@ccg/kernel/src/secret.ts';\n" },
    },
  ],
  knip: [
    {
      title: 'a file that nothing imports',
      finding: /Unused files \(1\)\nlibs\/kernel\/src\/canary-file\.ts/,
      fault: inKernel('file', 'export const canary = 1;\n'),
    },
    {
      title: 'an export that nothing imports',
      finding: /Unused exports \(1\)\nunusedCanary\s+libs\/kernel\/src\/canary-export\.ts/,
      fault: exported('export', 'export const canary = 1;\nexport const unusedCanary = 2;\n'),
    },
    {
      title: 'a dependency that nothing imports',
      finding: /Unused dependencies \(1\)\nexpress\s+libs\/kernel\/package\.json/,
      fault: {
        'libs/kernel/package.json': (before) =>
          before.replace(/\n}\n$/, ',\n  "dependencies": { "express": "5.3.0" }\n}\n'),
      },
    },
  ],
  'knip --strict': [
    {
      title: 'a file that only its test imports',
      finding: /Unused files \(1\)\nlibs\/kernel\/src\/canary-tested\.ts/,
      fault: {
        ...inKernel('tested', 'export const canary = 1;\n'),
        'libs/kernel/src/canary-tested.test.ts': () =>
          "import { canary } from './canary-tested.ts';\nexport const x = canary;\n",
      },
    },
    {
      title: 'an import that only another package declares',
      finding: /Unlisted dependencies \(1\)\nexpress\s+libs\/kernel\/src\/canary-unlisted\.ts/,
      fault: exported('unlisted', "import express from 'express';\nexport const canary = express();\n"),
    },
  ],
};
