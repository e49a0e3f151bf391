import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { prometheusPrograms } from '@ccg/testkit';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { runPromtool } from '../observability/support/promtool.ts';
import {
  readAlerts,
  readRecordings,
  readRunbook,
  ruleFiles,
  rulesFolder,
  runbookFile,
  runbooksFolder,
} from '../observability/support/rules.ts';

const alerts = readAlerts();
const unitTests = globSync('tests/*.test.yaml', { cwd: rulesFolder }).map((file) => join(rulesFolder, file));

interface UnitTests {
  readonly tests: readonly {
    readonly promql_expr_test: readonly { readonly expr: string; readonly exp_samples: readonly unknown[] }[];
  }[];
}

let promtool: string;
beforeAll(async () => {
  ({ promtool } = await prometheusPrograms());
});

describe('the rules of Prometheus', () => {
  test('are taken by promtool, and a rule with a fault is not', () => {
    expect(runPromtool(promtool, ['check', 'rules', '--lint-fatal', ...ruleFiles])).toMatchObject({ status: 0 });
    const broken = join(mkdtempSync(join(tmpdir(), 'ccg-rules-')), 'rules.yaml');
    const rule = { alert: 'A', expr: 'sum by (le) rate(x[5m])' };
    writeFileSync(broken, JSON.stringify({ groups: [{ name: 'g', rules: [rule] }] }));
    expect(runPromtool(promtool, ['check', 'rules', broken])).toMatchObject({
      status: 1,
      output: expect.stringContaining('parse error'),
    });
    rmSync(dirname(broken), { recursive: true });
  });

  test('fire and stay quiet as their unit tests say', () => {
    const run = runPromtool(promtool, ['test', 'rules', ...unitTests]);
    expect(run.output).not.toContain('FAILED');
    expect(run.status).toBe(0);
  });

  test.each(alerts)('$alert has a unit test in which it fires and one in which it does not', ({ alert }) => {
    const cases = unitTests
      .flatMap((file) => (parse(readFileSync(file, 'utf8')) as UnitTests).tests)
      .flatMap(({ promql_expr_test: expected }) => expected)
      .filter(({ expr }) => expr.includes(`ALERTS{alertname="${alert}", alertstate="firing"}`));
    expect(cases.map(({ exp_samples: samples }) => samples.length > 0)).toEqual(expect.arrayContaining([true, false]));
  });

  test('use no recorded series that nothing records', () => {
    const recorded = new Set(readRecordings().map(({ record }) => record));
    const used = [...readRecordings(), ...alerts].flatMap(({ expr }) => expr.match(/\bccg:[\w:]+/gu) ?? []);
    expect(used.filter((name) => !recorded.has(name))).toEqual([]);
  });
});

describe.each(alerts)('$alert', ({ alert, labels, annotations }) => {
  test('says in a sentence what is wrong, how bad it is, and where its runbook is', () => {
    expect(annotations).toEqual({
      summary: expect.stringMatching(/^[A-Z{].*\.$/u),
      description: expect.stringMatching(/^[A-Z].*\.$/u),
      runbook_url: `deploy/runbooks/${runbookFile(alert)}`,
    });
    expect(labels).toEqual({
      severity: expect.stringMatching(/^(?:critical|warning)$/u),
      product: 'claude-code-gateway',
    });
  });

  test('has a runbook with the meaning, three commands and the remedy', () => {
    const text = readRunbook(alert);
    expect(text.match(/^#+ .*$/gmu)).toEqual([`# ${alert}`, '## Meaning', '## First three commands', '## Remedy']);
    const commands = /```sh\n(?<commands>[\s\S]*?)```/u.exec(text)?.groups?.['commands'] ?? '';
    expect(commands.trim().split('\n')).toHaveLength(3);
    const links = [...text.matchAll(/\]\((?<file>[^)]+)\)/gu)].map(({ groups }) => groups?.['file']);
    expect(readdirSync(runbooksFolder)).toEqual(expect.arrayContaining(links));
  });
});

test('every runbook belongs to an alert', () => {
  const files = readdirSync(runbooksFolder).filter((file) => file !== 'README.md');
  expect(files.toSorted()).toEqual(alerts.map(({ alert }) => runbookFile(alert)).toSorted());
});
