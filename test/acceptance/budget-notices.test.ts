import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { installClaudeCli, runClaude, showClaude } from '@ccg/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startBudgetSuite } from './support/budget-suite.ts';
import type { BudgetSuite } from './support/budget-suite.ts';

let folder: string;
let binary: string;
let suite: BudgetSuite;

beforeAll(async () => {
  binary = await installClaudeCli();
  folder = await mkdtemp(join(tmpdir(), 'ccg-budget-notices-'));
  suite = await startBudgetSuite('budget-notices');
}, 600_000);
afterAll(async () => {
  await suite.close();
  await rm(folder, { recursive: true, force: true });
});

/** A new API key with ten dollars a day, of which some are spent. */
async function spent(name: string, dollars: number): Promise<string> {
  const { apiKey, spend } = await suite.open(name, [
    { name, level: 'api-key', kind: 'budget', amount: 10, per: 'day' },
  ]);
  expect((await spend(dollars)).status).toBe(200);
  return apiKey;
}

/** Claude Code believes a gateway only if it is told that there is one. */
const atGateway = { CLAUDE_CODE_USE_GATEWAY: '1' };

describe('Claude Code in a terminal', () => {
  test.each([
    [7.6, /You'veused(?:7[6-9]|8\d)%ofyourusagecredits·resets/u],
    [9.5, /You'veused9[5-9]%ofyourusagecredits·resets/u],
  ])('warns when %d of 10 dollars are spent', { timeout: 120_000 }, async (dollars, until) => {
    const apiKey = await spent(`notice-${dollars * 10}`, dollars);
    const shown = await showClaude({
      binary,
      baseUrl: suite.gateway.url,
      apiKey,
      via: 'auth-token',
      extraEnv: atGateway,
      prompt: 'Say hello.',
      until,
    });
    expect(shown).toContain('Hello.');
  });
});

const sentence =
  /^The budget of \$10 per day for API key blocked-\d is used up\. It resets on \d{1,2} [A-Z][a-z]+ 20\d\d at 00:00 \(Europe\/Berlin\)\. Ask #claude on Slack if you need more\.$/u;
const squeezed = new RegExp(sentence.source.slice(1, -1).replaceAll(' ', ''), 'u');

describe('Claude Code that is stopped by a budget shows the sentence, and asks once', () => {
  test.each([
    { name: 'blocked-1', extraEnv: atGateway, before: '' },
    { name: 'blocked-2', extraEnv: {}, before: 'API Error: Request rejected (429) · ' },
  ])('without a terminal: $before', { timeout: 120_000 }, async ({ name, extraEnv, before }) => {
    const apiKey = await spent(name, 10);
    const run = await runClaude({
      binary,
      baseUrl: suite.gateway.url,
      apiKey,
      via: 'auth-token',
      prompt: 'Say hello.',
      cwd: folder,
      // As many as it has by itself.
      extraEnv: { ...extraEnv, CLAUDE_CODE_MAX_RETRIES: '10' },
    });
    expect(run.result?.isError).toBe(true);
    expect(run.result?.text.slice(0, before.length)).toBe(before);
    expect(run.result?.text.slice(before.length)).toMatch(sentence);
    expect(refusalsOf(name)).toBe(1);
  });

  test('in a terminal', { timeout: 120_000 }, async () => {
    const apiKey = await spent('blocked-3', 10);
    await showClaude({
      binary,
      baseUrl: suite.gateway.url,
      apiKey,
      via: 'auth-token',
      extraEnv: atGateway,
      prompt: 'Say hello.',
      until: squeezed,
    });
    expect(refusalsOf('blocked-3')).toBe(1);
  });
});

/** How many requests a budget has stopped. */
function refusalsOf(limit: string): number {
  return suite.gateway.logs().filter((line) => line['outcome'] === 'policy_budget' && line['reason'] === limit).length;
}
