import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installClaudeCli, runClaude } from '@ccg/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let suite: Suite;
let cwd: string;
beforeAll(async () => {
  suite = await startSuite('context-window', { PREFERRED_PROVIDER: 'openai' });
  cwd = await mkdtemp(join(tmpdir(), 'ccg-context-'));
});
afterAll(async () => {
  await suite.close();
  await rm(cwd, { recursive: true });
});

// What the README says of windows. A new release of Claude Code that changes it shows here.
test.each([
  { name: 'one that Claude Code knows', model: 'claude-sonnet-5-5', set: 'AUTO_COMPACT_WINDOW', shown: '131.1k' },
  { name: 'one that Claude Code knows', model: 'claude-sonnet-5-5', set: 'MAX_CONTEXT_TOKENS', shown: '1m' },
  { name: 'explicit', model: 'openai:gpt-4.1', set: 'MAX_CONTEXT_TOKENS', shown: '131.1k' },
  { name: 'listed', model: 'claude-via-openai:gpt-4.1', set: 'MAX_CONTEXT_TOKENS', shown: '131.1k' },
])('where the name of the model is $name, CLAUDE_CODE_$set=131072 makes the window $shown', async (row) => {
  const run = await runClaude({
    binary: await installClaudeCli(),
    baseUrl: suite.gateway.url,
    apiKey: suite.apiKey,
    via: 'auth-token',
    prompt: '/context',
    cwd,
    model: row.model,
    extraEnv: { [`CLAUDE_CODE_${row.set}`]: '131072' },
  });
  expect(run.result?.text, run.stderr).toMatch(new RegExp(String.raw`\*\*Tokens:\*\* \S+ / ${row.shown} `, 'u'));
});
