import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  callTool,
  installClaudeCli,
  jsonAt,
  jsonListAt,
  jsonTextAt,
  openAiChatFrame,
  openAiChatSseHead,
  playModel,
  runClaude,
  say,
  startScriptedUpstream,
  write,
} from '@ccg/testkit';
import type { Play, ScriptedUpstream } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let binary: string;
let upstream: ScriptedUpstream;
let suite: Suite;
let cwd: string;
beforeAll(async () => {
  binary = await installClaudeCli();
  upstream = await startScriptedUpstream();
  suite = await startSuite('web-search', {
    OPENAI_BASE_URL: `${upstream.url}/v1`,
    OLLAMA_API_BASE: upstream.url,
    OPENROUTER_API_KEY: 'sk-or-test',
    OPENROUTER_BASE_URL: `${upstream.url}/v1`,
  });
}, 600_000);
afterAll(async () => {
  await suite.close();
  await upstream.close();
});
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'ccg-search-'));
  upstream.reset();
  return () => rm(cwd, { recursive: true, force: true });
});

const turns = [
  { content: [callTool('call_search', 'WebSearch', { query: 'heise "news"' })] },
  { content: [say('Told.')] },
];

/** The sub-request of a search, as Claude Code makes it. */
function isSearch(body: unknown): boolean {
  return JSON.stringify(jsonListAt(body, 'messages').at(-1)).includes('Perform a web search for the query');
}

const answered: Play = (request) => {
  if (!isSearch(request.json())) return playModel(turns)(request);
  const chunk = (delta: unknown, finishReason: string | null = null) =>
    write(openAiChatFrame('m', { choices: [{ index: 0, delta, finish_reason: finishReason }] }));
  const cited = (title: string) => ({
    type: 'url_citation',
    url_citation: { url: `https://heise.de/${title}`, title, content: 'Words', start_index: 0, end_index: 4 },
  });
  return [
    ...openAiChatSseHead(),
    chunk({ role: 'assistant', content: 'It says so.' }),
    chunk({ content: '', annotations: [cited('one'), cited('two')] }),
    chunk({ content: '', annotations: [cited('one')] }, 'stop'),
    write(openAiChatFrame('m', { choices: [], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } })),
    write('data: [DONE]\n\n'),
  ];
};

/** Runs Claude Code until its model has been told what WebSearch found. */
async function told(prefix: string): Promise<string> {
  const baseUrl = suite.gateway.url + prefix;
  const run = await runClaude({ binary, baseUrl, apiKey: suite.apiKey, via: 'auth-token', prompt: 'Search.', cwd });
  expect(run, run.stderr).toMatchObject({ exitCode: 0, result: { isError: false, text: 'Told.' } });
  const messages = jsonListAt(upstream.requests.at(-1)?.json(), 'messages');
  return jsonTextAt(
    messages.find((message) => jsonAt(message, 'role') === 'tool'),
    'content',
  );
}

describe('WebSearch of Claude Code', () => {
  test.each([
    ['a chat-completions server', '/openai:gpt-4.1', 'openai'],
    ['Ollama', '/ollama:qwen3:8b', 'ollama'],
  ])('tells that nothing was searched at %s, which is not asked', async (_server, prefix, provider) => {
    upstream.play(answered);
    const result = await told(prefix);
    expect(result).toContain('Web search error: unavailable');
    expect(result).toContain(`The web was not searched: the provider "${provider}" behind this gateway`);
    expect(upstream.requests.some((request) => request.path !== '/api/show' && isSearch(request.json()))).toBe(false);
  });

  test('shows what OpenRouter found', async () => {
    upstream.play(answered);
    const result = await told('/openrouter:z-ai/glm-4.6');
    expect(result).toContain('It says so.');
    expect(result).toContain(
      'Links: [{"title":"one","url":"https://heise.de/one"},{"title":"two","url":"https://heise.de/two"}]',
    );
    const search = upstream.requests.map((request) => request.json()).find(isSearch);
    expect(search).toMatchObject({ tools: [{ type: 'openrouter:web_search', parameters: { max_total_results: 40 } }] });
  });
});
