import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repositoryRoot } from '../gates/repository-root.ts';
import { runTool, type ToolRun } from '../gates/run-tool.ts';
import { steps } from '../gates/steps.ts';
import { copyTree, type Fault, type TreeCopy } from './copy-tree.ts';
import { dependencyFaults, importFaults } from './faults/import-faults.ts';
import { lintFaults } from './faults/lint-faults.ts';
import { toolFaults } from './faults/tool-faults.ts';
import { findDependencyViolations } from './find-dependency-violations.ts';
import { findDisablesWithoutReason } from './find-disables-without-reason.ts';
import { findImportViolations } from './find-import-violations.ts';
import { readPackages } from './read-packages.ts';
import { readSourceFiles } from './source-files.ts';

let copy: TreeCopy;

beforeAll(async () => {
  copy = await copyTree(repositoryRoot);
});

afterAll(async () => await copy.remove());

describe.each(Object.entries(steps))('%s', (name, call) => {
  const run = async (fault: Fault): Promise<ToolRun> =>
    await copy.withFault(fault, async () => await runTool(copy.root, call));

  test('passes the tree as it is', async () => {
    expect(await run({})).toMatchObject({ exitCode: 0 });
  });

  test.each(toolFaults.filter(({ step }) => step === name))('refuses $title', async ({ fault, finding }) => {
    const { exitCode, output } = await run(fault);
    expect(output).toMatch(finding);
    expect(exitCode).not.toBe(0);
  });
});

describe('oxlint', () => {
  test.each(lintFaults)('refuses what $rule forbids: $title', async ({ rule, fault }) => {
    const paths = Object.keys(fault);
    const call = { tool: 'oxlint', args: [...steps.oxlint.args, ...paths] };
    const { exitCode, output } = await copy.withFault(fault, async () => await runTool(copy.root, call));
    expect(output).toContain(rule);
    expect(output).toMatch(/Found 0 warnings and [1-9]/);
    expect(exitCode).not.toBe(0);
  });
});

describe('architecture', () => {
  test('passes the tree as it is', async () => {
    const files = await readSourceFiles(copy.root);
    expect(findImportViolations(files)).toEqual([]);
    expect(findDependencyViolations(await readPackages(copy.root), files)).toEqual([]);
    expect(findDisablesWithoutReason(files)).toEqual([]);
  });

  test.each(importFaults)('refuses an import that is $title', async ({ fault, finding }) => {
    const files = await copy.withFault(fault, async () => await readSourceFiles(copy.root));
    expect(findImportViolations(files)).toEqual([finding]);
  });

  test.each(dependencyFaults)('refuses $title', async ({ fault, finding }) => {
    const violations = await copy.withFault(fault, async () =>
      findDependencyViolations(await readPackages(copy.root), await readSourceFiles(copy.root)),
    );
    expect(violations).toContain(finding);
  });

  test('refuses a lint disable without a reason', async () => {
    const fault = { 'libs/kernel/src/canary.ts': () => '// oxlint-disable-next-line no-console\nconsole.log(1);\n' };
    const files = await copy.withFault(fault, async () => await readSourceFiles(copy.root));
    expect(findDisablesWithoutReason(files)).toEqual([
      'libs/kernel/src/canary.ts: oxlint-disable-next-line no-console',
    ]);
  });

  test('fails its own suite on a denied import, a package without a row and a disable without a reason', async () => {
    const fault: Fault = {
      'libs/canary/package.json': () => '{ "name": "@ccg/canary" }\n',
      'libs/kernel/src/canary.ts': () => "// oxlint-disable-line\nimport 'express';\n",
    };
    const args = ['run', '--config=test/vitest.config.ts', '--project=architecture', 'allowed-imports'];
    const { exitCode, output } = await copy.withFault(
      fault,
      async () => await runTool(copy.root, { tool: 'vitest', args }),
    );
    expect(output).toContain("libs/kernel/src/canary.ts: external import of 'express'");
    expect(output).toContain('"libs/canary"');
    expect(output).toContain('libs/kernel/src/canary.ts: oxlint-disable-line');
    expect(exitCode).not.toBe(0);
  });
});
