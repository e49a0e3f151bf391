import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repositoryRoot } from '../gates/repository-root.ts';
import { runTool, type ToolCall, type ToolRun } from '../gates/run-tool.ts';
import { steps } from '../gates/steps.ts';
import { copyTree, together, type Fault, type TreeCopy } from './copy-tree.ts';
import { circleFaults, dependencyFaults, importFaults } from './faults/import-faults.ts';
import { lintFaults } from './faults/lint-faults.ts';
import { toolFaults } from './faults/tool-faults.ts';
import { findDependencyViolations } from './find-dependency-violations.ts';
import { findDisablesWithoutReason } from './find-disables-without-reason.ts';
import { findImportCircles } from './find-import-circles.ts';
import { findImportViolations } from './find-import-violations.ts';
import { readPackages } from './read-packages.ts';
import { readSourceFiles, sourceFile } from './source-files.ts';

// Every gate runs once, on a copy of the tree in which all of its faults are planted, and must name each of them.

let copy: TreeCopy;

beforeAll(async () => {
  copy = await copyTree(repositoryRoot);
});

afterAll(async () => await copy.remove());

async function runWith(faults: readonly Fault[], call: ToolCall): Promise<ToolRun> {
  return await copy.withFault(together(faults), async () => await runTool(copy.root, call));
}

const gates = Object.entries(toolFaults).map(([name, faults]) => ({ name: name as keyof typeof toolFaults, faults }));

describe.each(gates)('$name', ({ name, faults }) => {
  let run: ToolRun;

  beforeAll(async () => {
    const planted = faults.map(({ fault }) => fault);
    run = await runWith(planted, steps[name]);
  });

  test('fails', () => {
    expect(run.exitCode).not.toBe(0);
  });

  test.each(faults)('refuses $title', ({ finding }) => {
    expect(run.output).toMatch(finding);
  });
});

describe('oxlint', () => {
  let run: ToolRun;

  beforeAll(async () => {
    const planted = lintFaults.map(({ fault }) => fault);
    run = await runWith(planted, { ...steps.oxlint, args: [...steps.oxlint.args, '--format=unix'] });
  });

  test('fails', () => {
    expect(run.exitCode).not.toBe(0);
  });

  test.each(lintFaults)('refuses what $rule forbids: $title', ({ rule, file }) => {
    const findings = run.output.split('\n').filter((line) => line.startsWith(`${file}:`) && line.includes(rule));
    // What is an error makes the run fail by itself; a warning would not.
    expect(findings).toContainEqual(expect.stringContaining('[Error'));
  });
});

test('knip reports nothing that lets it pass', () => {
  const manifest: { readonly knip: object } = JSON.parse(
    readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8'),
  );
  // Its rules are where a kind of finding is turned into a warning or off.
  for (const name of ['rules', 'exclude', 'include']) expect(manifest.knip).not.toHaveProperty(name);
});

describe('architecture', () => {
  test.each(importFaults)('refuses an import that is $title', ({ file, source, finding }) => {
    expect(findImportViolations([sourceFile(file, source)])).toEqual([finding]);
  });

  test.each(circleFaults)('names the circles of imports: $title', ({ files, findings }) => {
    const sources = Object.entries(files).map(([file, source]) => sourceFile(`libs/kernel/src/${file}`, source));
    expect(findImportCircles(sources)).toEqual(findings);
  });

  test.each(dependencyFaults)('refuses $title', async ({ declares, file, finding }) => {
    const packages = await readPackages(repositoryRoot);
    const files = await readSourceFiles(repositoryRoot);
    const violations = findDependencyViolations(
      packages.map((each) =>
        each.home === 'libs/kernel' ? { ...each, dependencies: [...each.dependencies, ...declares] } : each,
      ),
      (file === undefined ? files : [...files, sourceFile(file.path, file.source)]).filter(
        ({ home }) => home === 'libs/kernel',
      ),
    );
    expect(violations).toContain(finding);
  });

  test('refuses a lint disable without a reason', () => {
    const source = '// oxlint-disable-next-line no-console\nconsole.log(1);\n';
    expect(findDisablesWithoutReason([sourceFile('libs/kernel/src/canary.ts', source)])).toEqual([
      'libs/kernel/src/canary.ts: oxlint-disable-next-line no-console',
    ]);
  });

  test('fails its own suite on what the tree should not hold', async () => {
    const fault: Fault = {
      'libs/canary/package.json': () => '{ "name": "@ccg/canary" }\n',
      'libs/kernel/src/canary.ts': () => "// oxlint-disable-line\nimport 'express';\nimport './canary.ts';\n",
    };
    const args = ['run', '--config=test/vitest.config.ts', '--project=architecture', 'allowed-imports'];
    const { exitCode, output } = await runWith([fault], { tool: 'vitest', args });
    expect(output).toContain("libs/kernel/src/canary.ts: external import of 'express'");
    expect(output).toContain("libs/kernel: undeclared dependency 'express'");
    expect(output).toContain('libs/kernel/src/canary.ts → libs/kernel/src/canary.ts');
    expect(output).toContain('"libs/canary"');
    expect(output).toContain('libs/kernel/src/canary.ts: oxlint-disable-line');
    expect(exitCode).not.toBe(0);
  });
});
