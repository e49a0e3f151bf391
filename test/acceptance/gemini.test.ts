import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  callTool,
  geminiError,
  geminiFrame,
  head,
  installClaudeCli,
  jsonAt,
  jsonListAt,
  playModel,
  runClaude,
  say,
  startScriptedUpstream,
  write,
} from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

const key = 'AIza-of-the-gateway';
let binary: string;
let gemini: ScriptedUpstream;
let suite: Suite;
let cwd: string;
beforeAll(async () => {
  binary = await installClaudeCli();
  gemini = await startScriptedUpstream();
  suite = await startSuite('gemini', {
    PREFERRED_PROVIDER: 'google',
    GEMINI_API_KEY: key,
    GEMINI_API_BASE: `${gemini.url}/v1beta`,
    GEMINI_SAFETY_THRESHOLD: 'BLOCK_NONE',
    BIG_MODEL: 'gemini-3-pro-preview',
    SMALL_MODEL: 'google:gemini-3-flash-preview',
    MODEL_LIST_INTERVAL_MS: '0',
  });
}, 600_000);
afterAll(async () => {
  await suite.close();
  await gemini.close();
});
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'ccg-gemini-'));
  gemini.reset();
  return () => rm(cwd, { recursive: true, force: true });
});

const claude = (prefix = '') =>
  runClaude({
    binary,
    baseUrl: suite.gateway.url + prefix,
    apiKey: suite.apiKey,
    via: 'auth-token',
    prompt: 'Go.',
    cwd,
  });

describe.each([
  { way: 'by the environment', prefix: '', model: 'gemini-3-pro-preview' },
  { way: 'by the URL', prefix: '/google:gemini-3.1-pro-preview', model: 'gemini-3.1-pro-preview' },
])('Claude Code in front of Gemini, chosen $way', ({ prefix, model }) => {
  test('runs calls of one turn and edits a file, and every call goes back with its id and its signature', async () => {
    const file = join(cwd, 'one.txt');
    const turns = [
      {
        content: [
          say('Writing.'),
          callTool('a1b2c3d4', 'Write', { file_path: file, content: 'grüße' }),
          callTool('e5f6g7h8', 'Bash', { command: 'printf zwei | tee two.txt', description: 'Write two' }),
        ],
      },
      { content: [callTool('i9j0k1l2', 'Edit', { file_path: file, old_string: 'grüße', new_string: 'gruß' })] },
      { content: [say('Done.')] },
    ];
    gemini.play(playModel(turns));
    const run = await claude(prefix);
    expect(run, run.stderr).toMatchObject({
      exitCode: 0,
      result: { isError: false, text: 'Done.', inputTokens: 1200 * turns.length, outputTokens: 34 * turns.length },
    });
    expect(await readFile(file, 'utf8')).toBe('gruß');
    expect(await readFile(join(cwd, 'two.txt'), 'utf8')).toBe('zwei');
    expect(gemini.requests.map(({ path }) => path)).toEqual(
      turns.map(() => `/v1beta/models/${model}:streamGenerateContent?alt=sse`),
    );
    for (const { headers } of gemini.requests) expect(headers['x-goog-api-key']).toBe(key);
    const body = gemini.requests.at(-1)?.json();
    const parts = jsonListAt(body, 'contents').flatMap((content) => jsonListAt(content, 'parts'));
    const signatureOf = (id: string) => Buffer.from(`signature of ${id}`).toString('base64');
    expect(
      parts
        .filter((part) => jsonAt(part, 'functionCall') !== undefined)
        .map((part) => [jsonAt(part, 'functionCall', 'id'), jsonAt(part, 'thoughtSignature')]),
    ).toEqual([
      ['a1b2c3d4', signatureOf('a1b2c3d4')],
      ['e5f6g7h8', undefined],
      ['i9j0k1l2', signatureOf('i9j0k1l2')],
    ]);
    expect(jsonListAt(body, 'safetySettings')).toHaveLength(4);
  });
});

test('Claude Code says an answer whose signature comes after its text', async () => {
  const parts = [[{ text: 'Hm.', thought: true }], [{ text: 'Four.' }], [{ text: '', thoughtSignature: 'c2lnbmVk' }]];
  gemini.play(() => [
    head(200, { 'content-type': 'text/event-stream' }),
    ...parts.map((some, index) =>
      write(
        geminiFrame({
          candidates: [{ content: { role: 'model', parts: some }, ...(index === 2 ? { finishReason: 'STOP' } : {}) }],
          usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 2, thoughtsTokenCount: 5 },
        }),
      ),
    ),
  ]);
  const run = await claude();
  expect(run, run.stderr).toMatchObject({ exitCode: 0, result: { isError: false, text: 'Four.' } });
});

test('Claude Code goes on after a schema was refused, and the server is never sent that again', async () => {
  const refusal =
    'Invalid JSON payload received. Unknown name "parametersJsonSchema" at \'tools[0].function_declarations[0]\': Cannot find field.';
  gemini.play((request) =>
    request.body.includes('parametersJsonSchema')
      ? geminiError(400, 'INVALID_ARGUMENT', refusal)
      : playModel([{ content: [say('Understood.')] }])(request),
  );
  for (const _ of [1, 2]) {
    const run = await claude('/gemini:gemini-2.5-pro');
    expect(run, run.stderr).toMatchObject({ exitCode: 0, result: { isError: false, text: 'Understood.' } });
  }
  const schemas = gemini.requests.map((request) => request.body.includes('parametersJsonSchema'));
  expect(schemas).toEqual([true, false, false]);
});

test('WebSearch of Claude Code shows what Gemini found', async () => {
  const turns = [
    { content: [callTool('call_search', 'WebSearch', { query: 'heise "news"' })] },
    { content: [say('Told.')] },
  ];
  const found = { web: { uri: 'https://heise.de/one', title: 'heise.de' } };
  const isSearch = (body: unknown) =>
    JSON.stringify(jsonListAt(body, 'contents').at(-1)).includes('Perform a web search for the query');
  gemini.play((request) => {
    if (!isSearch(request.json())) return playModel(turns)(request);
    const content = { role: 'model', parts: [{ text: 'It says so.' }] };
    const groundingMetadata = { webSearchQueries: ['heise news'], groundingChunks: [found] };
    return [
      head(200, { 'content-type': 'text/event-stream' }),
      write(geminiFrame({ candidates: [{ content, finishReason: 'STOP', groundingMetadata }] })),
    ];
  });
  const run = await claude();
  expect(run, run.stderr).toMatchObject({ exitCode: 0, result: { isError: false, text: 'Told.' } });
  const bodies = gemini.requests.map((request) => request.json());
  expect(bodies.find(isSearch)).toMatchObject({ tools: [{ googleSearch: {} }] });
  const result = JSON.stringify(jsonListAt(bodies.at(-1), 'contents'));
  expect(result).toContain('It says so.');
  expect(JSON.parse(result)).toContainEqual(
    expect.objectContaining({
      parts: [
        expect.objectContaining({
          functionResponse: expect.objectContaining({
            response: {
              output: expect.stringContaining('Links: [{"title":"heise.de","url":"https://heise.de/one"}]'),
            },
          }),
        }),
      ],
    }),
  );
});

const hello = { model: 'x', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] };

test.each([
  [
    'that the key of the gateway is not valid, without a word to log in',
    geminiError(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [
      { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID', domain: 'googleapis.com' },
    ]),
    { status: 500, type: 'api_error', message: /credential of "gemini"/u },
  ],
  [
    'that a model is not known',
    geminiError(
      404,
      'NOT_FOUND',
      'models/m is not found for API version v1beta, or is not supported for generateContent.',
    ),
    { status: 404, type: 'not_found_error', message: /models\/m is not found/u },
  ],
  [
    'how long to wait for a limit',
    geminiError(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota.', [
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '3.4s' },
    ]),
    { status: 429, type: 'rate_limit_error', message: /exceeded your current quota/u, retryAfter: '4' },
  ],
])('a client learns %s', async (_what, script, { status, type, message, retryAfter }: Told) => {
  gemini.answer(script);
  const response = await fetch(`${suite.gateway.url}/gemini:m/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': suite.apiKey, 'content-type': 'application/json' },
    body: JSON.stringify(hello),
  });
  expect([response.status, response.headers.get('retry-after')]).toEqual([status, retryAfter ?? null]);
  expect(await response.json()).toMatchObject({ error: { type, message: expect.stringMatching(message) } });
});

interface Told {
  readonly status: number;
  readonly type: string;
  readonly message: RegExp;
  readonly retryAfter?: string;
}
