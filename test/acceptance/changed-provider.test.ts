import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { installClaudeCli, runClaude } from '@ccg/testkit';
import { expect, test } from 'vitest';

import { mockCall, mockUsage, startMockModel } from './support/start-mock-model.ts';
import type { MockRequest, MockTurn } from './support/start-mock-model.ts';
import { startSuite } from './support/start-suite.ts';

/** Where a turn goes, and the path at which a provider must then be asked. */
const stations = [
  { prefix: '/openrouter:vendor/model', path: /^\/v1\/chat\/completions$/u },
  { prefix: '/gemini:gemini-3-flash-preview', path: /^\/v1beta\/models\/gemini-3-flash-preview:/u },
  { prefix: '/anthropic:claude-opus-5-5', path: /^\/v1\/messages$/u },
  { prefix: '/ollama:qwen3:8b', path: /^\/api\/chat$/u },
  { prefix: '/openai:gpt-5.4', path: /^\/v1\/responses$/u },
];

const usage = mockUsage(1000, 20);

/** Calls a tool once for every question, then answers it. */
function answer({ messages, model }: MockRequest): MockTurn {
  const questions = messages.filter(({ role }) => role === 'user').length;
  const asked = messages.findLastIndex(({ role }) => role === 'user');
  const hasResult = messages.slice(asked).some(({ role }) => role === 'tool');
  if (hasResult) return { content: `Counted ${questions}.`, usage };
  // The mock gives that of Ollama a name that Ollama does not use.
  const thought = model === 'qwen3:8b' ? {} : { reasoning: 'I think.' };
  const command = { command: `echo result ${questions}`, description: 'Count' };
  return { content: 'I count.', ...thought, toolCalls: [mockCall(`call_${questions}`, 'Bash', command)], usage };
}

test('a session of ten turns goes through all dialects twice, each resumed where the last one ended', async () => {
  const binary = await installClaudeCli();
  const mock = await startMockModel();
  const { url } = mock.traffic;
  const suite = await startSuite('changed-provider', {
    PREFERRED_PROVIDER: 'anthropic',
    ANTHROPIC_API_BASE: url,
    OPENAI_BASE_URL: `${url}/v1`,
    OPENAI_DIALECT: 'openai-responses',
    OPENROUTER_API_KEY: 'sk-or-test',
    OPENROUTER_BASE_URL: `${url}/v1`,
    GEMINI_API_KEY: 'gemini-test-key',
    GEMINI_API_BASE: `${url}/v1beta`,
    OLLAMA_API_BASE: url,
  });
  const folder = await mkdtemp(join(tmpdir(), 'ccg-changed-'));
  let sessionId: string | undefined;
  for (const [turn, { prefix, path }] of [...stations, ...stations].entries()) {
    mock.play(answer);
    const run = await runClaude({
      binary,
      baseUrl: suite.gateway.url + prefix,
      apiKey: suite.apiKey,
      via: 'auth-token',
      prompt: `Count for the question ${turn}.`,
      cwd: folder,
      home: folder,
      model: 'claude-opus-5-5',
      extraArgs: sessionId === undefined ? [] : ['--resume', sessionId],
    });
    expect(run, `${prefix}\n${run.stdout}${run.stderr}`).toMatchObject({ exitCode: 0, result: { isError: false } });
    expect(Number(run.result?.inputTokens), prefix).toBeGreaterThan(0);
    const asked = mock.traffic.exchanges.filter((exchange) => !exchange.path.startsWith('/api/show'));
    expect(asked.map((exchange) => exchange.status)).toEqual([200, 200]);
    for (const exchange of asked) expect(exchange.path.split('?')[0]).toMatch(path);
    const sent = JSON.stringify(asked.at(-1)?.body);
    // Everything that was counted before is there, and nothing that only another backend can read.
    expect(new Set(sent.match(/result \d+(?!\d)/gu)).size, sent).toBe(turn + 1);
    expect(sent).not.toMatch(/ccg1\./u);
    if (!prefix.startsWith('/anthropic')) expect(sent).not.toContain('aimock-placeholder-signature');
    sessionId = run.result?.sessionId;
  }
  await suite.close();
  await mock.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}, 300_000);
