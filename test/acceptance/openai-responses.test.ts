import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  callTool,
  head,
  installClaudeCli,
  jsonAt,
  jsonListAt,
  jsonScript,
  jsonTextAt,
  openAiResponsesFrame,
  playModel,
  runClaude,
  say,
  startScriptedUpstream,
  write,
} from '@ccg/testkit';
import type { RecordedRequest, Script, ScriptedUpstream } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

let binary: string;
let server: ScriptedUpstream;
let suite: Suite;
let folder: string;
let cwd: string;
beforeAll(async () => {
  binary = await installClaudeCli();
  server = await startScriptedUpstream();
  folder = await mkdtemp(join(tmpdir(), 'ccg-responses-'));
  const file = join(folder, 'gateway.yaml');
  // The server as OpenAI's own: the environment knows it by its host alone.
  await writeFile(
    file,
    `version: 1
providers:
  official:
    dialect: openai-chat
    baseUrl: ${server.url}/v1
    profile: openai
    capabilities: { responses: true }
`,
  );
  suite = await startSuite('openai-responses', {
    PREFERRED_PROVIDER: 'openai',
    OPENAI_BASE_URL: `${server.url}/v1`,
    OPENAI_DIALECT: 'openai-responses',
    BIG_MODEL: 'gpt-5.2',
    SMALL_MODEL: 'gpt-5.2',
    GATEWAY_CONFIG: file,
  });
}, 600_000);
afterAll(async () => {
  await suite.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'ccg-work-'));
  server.reset();
  return () => rm(cwd, { recursive: true, force: true });
});

const claude = (prefix: string) =>
  runClaude({
    binary,
    baseUrl: suite.gateway.url + prefix,
    apiKey: suite.apiKey,
    via: 'auth-token',
    prompt: 'Go.',
    cwd,
    model: 'claude-opus-5-5',
  });

const answers = (): RecordedRequest[] => server.requests.filter(({ path }) => path === '/v1/responses');

describe.each([
  { way: 'by the environment', prefix: '', hasMedia: false },
  { way: 'by the URL', prefix: '/official:gpt-5.2', hasMedia: true },
])('Claude Code in front of the Responses API, chosen $way', ({ prefix, hasMedia }) => {
  test('runs calls of one turn, sees an image, and every turn of reasoning goes back in its place', async () => {
    const file = join(cwd, 'one.txt');
    const image = join(cwd, 'dot.png');
    await writeFile(image, png, 'base64');
    const turns = [
      {
        content: [
          say('Writing.'),
          callTool('call_one', 'Write', { file_path: file, content: 'grüße' }),
          callTool('call_two', 'Bash', { command: 'printf zwei | tee two.txt', description: 'Write two' }),
          callTool('call_image', 'Read', { file_path: image }),
        ],
      },
      { content: [callTool('call_edit', 'Edit', { file_path: file, old_string: 'grüße', new_string: 'gruß' })] },
      { content: [say('Done.')] },
    ];
    server.play(playModel(turns));
    const run = await claude(prefix);
    expect(run, run.stderr).toMatchObject({
      exitCode: 0,
      result: { isError: false, text: 'Done.', inputTokens: 1200 * turns.length, outputTokens: 34 * turns.length },
    });
    expect(await readFile(file, 'utf8')).toBe('gruß');
    expect(await readFile(join(cwd, 'two.txt'), 'utf8')).toBe('zwei');
    expect(answers()).toHaveLength(turns.length);
    const body = answers().at(-1)?.json();
    expect(body).toMatchObject({ model: 'gpt-5.2', store: false, include: ['reasoning.encrypted_content'] });
    const items = jsonListAt(body, 'input');
    const ofModel = items.filter((item) => jsonAt(item, 'role') !== 'user' && jsonAt(item, 'role') !== 'developer');
    const told = ofModel.map((item) => jsonTextAt(item, 'encrypted_content') || jsonTextAt(item, 'call_id') || 'text');
    expect(told.join(' ')).toBe(
      'encrypted-0 text call_one call_two call_image call_one call_two call_image encrypted-1 call_edit call_edit',
    );
    const seen = items.find((item) => jsonAt(item, 'call_id') === 'call_image' && jsonAt(item, 'output') !== undefined);
    const inResult = jsonListAt(seen, 'output').some((part) => jsonAt(part, 'type') === 'input_image');
    expect(inResult).toBe(hasMedia);
    expect(JSON.stringify(items)).toContain(`data:image/png;base64,${png}`);
  });
});

const hello = { model: 'x', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] };

function post(path: string, body: object): Promise<Response> {
  return fetch(suite.gateway.url + path, {
    method: 'POST',
    headers: { 'x-api-key': suite.apiKey, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

test('tokens are counted by the server, of the prompt as it gets it', async () => {
  server.answer(jsonScript(200, { object: 'response.input_tokens', input_tokens: 31 }));
  const response = await post('/openai:gpt-5.2/v1/messages/count_tokens', { ...hello, system: 'Be kind.' });
  expect([response.status, response.headers.get('x-gateway-warnings')]).toEqual([200, null]);
  expect(await response.json()).toEqual({ input_tokens: 31 });
  const [request] = server.requests;
  expect(request?.path).toBe('/v1/responses/input_tokens');
  const content = [{ type: 'input_text', text: 'Hi' }];
  expect(request?.json()).toEqual({
    model: 'gpt-5.2',
    instructions: 'Be kind.',
    input: [{ type: 'message', role: 'user', content }],
  });
});

test('reasoning that the server cannot verify is left out, and the answer comes all the same', async () => {
  const fault = { message: 'The encrypted content gAAA could not be verified.', code: 'invalid_encrypted_content' };
  server.play((request) => {
    if (request.body.includes('encrypted-0')) return jsonScript(400, { error: fault });
    return playModel([{ content: [say('One.')] }, { content: [say('Two.')] }])(request);
  });
  const first = await post('/openai:gpt-5.2/v1/messages', { ...hello, thinking: { type: 'adaptive' } });
  const { content }: { content: unknown } = JSON.parse(await first.text());
  const messages = [...hello.messages, { role: 'assistant', content }, { role: 'user', content: 'And?' }];
  const second = await post('/openai:gpt-5.2/v1/messages', { ...hello, messages, thinking: { type: 'adaptive' } });
  expect(await second.json()).toMatchObject({ content: [{ type: 'thinking' }, { type: 'text', text: 'Two.' }] });
  expect(answers()).toHaveLength(3);
});

const failed = { status: 'failed', error: { code: 'server_error', message: 'The server had an error.' } };

test.each<readonly [string, Script, object]>([
  [
    'that a model is not known',
    jsonScript(404, { error: { message: "The model 'x' does not exist.", code: 'model_not_found' } }),
    { status: 404, type: 'not_found_error' },
  ],
  [
    'that a prompt is too long, in the words on which it compacts',
    jsonScript(400, { error: { message: 'Your input exceeds the context window.', code: 'context_length_exceeded' } }),
    { status: 400, type: 'invalid_request_error' },
  ],
  [
    'that a response failed before its content',
    [
      head(200, { 'content-type': 'text/event-stream' }),
      write(openAiResponsesFrame('response.failed', { response: failed })),
    ],
    { status: 500, type: 'api_error' },
  ],
])('a client learns %s', async (_what, script, told) => {
  server.play(() => script);
  const response = await post('/openai:gpt-5.2/v1/messages', { ...hello, stream: true });
  const body: unknown = await response.json();
  expect({ status: response.status, type: jsonAt(body, 'error', 'type') }).toEqual(told);
});
