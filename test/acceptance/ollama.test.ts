import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  callTool,
  createGate,
  head,
  installClaudeCli,
  jsonAt,
  jsonListAt,
  jsonScript,
  ollamaLine,
  ollamaModelScript,
  playModel,
  runClaude,
  say,
  startScriptedUpstream,
  waitFor,
  write,
} from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { openStream } from './support/open-stream.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let binary: string;
let ollama: ScriptedUpstream;
let suite: Suite;
let cwd: string;
beforeAll(async () => {
  binary = await installClaudeCli();
  ollama = await startScriptedUpstream();
  suite = await startSuite('ollama', {
    PREFERRED_PROVIDER: 'ollama',
    OLLAMA_API_BASE: ollama.url,
    BIG_MODEL: 'qwen3:8b',
    SMALL_MODEL: 'qwen3:8b',
  });
}, 600_000);
afterAll(async () => {
  await suite.close();
  await ollama.close();
});
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'ccg-ollama-'));
  ollama.reset();
  return () => rm(cwd, { recursive: true, force: true });
});

describe.each([
  { way: 'by the environment', prefix: '', model: 'qwen3:8b' },
  { way: 'by the URL', prefix: '/ollama:gpt-oss:20b', model: 'gpt-oss:20b' },
])('Claude Code in front of Ollama, chosen $way', ({ prefix, model }) => {
  test('runs calls of one turn and edits a file, with one window in every request', async () => {
    const file = join(cwd, 'one.txt');
    const turns = [
      {
        content: [
          say('Writing.'),
          callTool('call_one', 'Write', { file_path: file, content: 'grüße' }),
          callTool('call_two', 'Bash', { command: 'printf zwei | tee two.txt', description: 'Write two' }),
        ],
      },
      { content: [callTool('call_edit', 'Edit', { file_path: file, old_string: 'grüße', new_string: 'gruß' })] },
      { content: [say('Done.')] },
    ];
    ollama.play(playModel(turns));
    const baseUrl = suite.gateway.url + prefix;
    const run = await runClaude({ binary, baseUrl, apiKey: suite.apiKey, via: 'auth-token', prompt: 'Go.', cwd });
    expect(run, run.stderr).toMatchObject({
      exitCode: 0,
      result: { isError: false, text: 'Done.', inputTokens: 1200 * turns.length, outputTokens: 34 * turns.length },
    });
    expect(await readFile(file, 'utf8')).toBe('gruß');
    expect(await readFile(join(cwd, 'two.txt'), 'utf8')).toBe('zwei');
    expect(ollama.requests.map(({ path }) => path)).toEqual(['/api/show', ...turns.map(() => '/api/chat')]);
    const bodies = ollama.requests.slice(1).map((request) => request.json());
    for (const body of bodies) {
      expect(body).toMatchObject({ model, truncate: false, shift: false, keep_alive: '30m' });
      expect(jsonAt(body, 'options', 'num_ctx')).toBe(40_960);
    }
    const results = jsonListAt(bodies.at(-1), 'messages').filter((message) => jsonAt(message, 'role') === 'tool');
    expect(results.map((message) => jsonAt(message, 'tool_name'))).toEqual(['Write', 'Bash', 'Edit']);
  });
});

const hello = { model: 'x', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] };

async function ask(model: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${suite.gateway.url}/ollama:${model}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': suite.apiKey, 'content-type': 'application/json' },
    body: JSON.stringify(hello),
  });
  return { status: response.status, text: await response.text() };
}

describe('a client learns', () => {
  test('how to get a model that was not pulled', async () => {
    const missing = jsonScript(404, { error: "model 'nope:1b' not found" });
    ollama.answer(missing, missing);
    const { status, text } = await ask('nope:1b');
    expect(status).toBe(404);
    expect(JSON.parse(text)).toMatchObject({
      error: { type: 'not_found_error', message: expect.stringContaining('Run "ollama pull nope:1b"') },
    });
  });

  test('that a prompt is too long, in the words on which it compacts', async () => {
    const tooLong = jsonScript(400, { error: 'the input length exceeds the context length' });
    ollama.answer(ollamaModelScript(4096, []), tooLong);
    const { status, text } = await ask('small:1b');
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ error: { message: 'prompt is too long: 4097 tokens > 4096 maximum' } });
  });

  test('that a runner died in mid-stream', async () => {
    const half = ollamaLine('dies:1b', { message: { role: 'assistant', content: 'Half' }, done: false });
    const died = '{"error":"an error was encountered while running the model: unexpected EOF"}\n';
    const gate = createGate();
    const start = head(200, { 'content-type': 'application/x-ndjson' });
    ollama.answer(ollamaModelScript(4096, []), [start, write(half), waitFor(gate.opened), write(died)]);
    const url = `${suite.gateway.url}/ollama:dies:1b/v1/messages`;
    const stream = await openStream(url, suite.apiKey, { ...hello, stream: true });
    await stream.readUntil((text) => text.includes('Half'));
    gate.open();
    const frames = await stream.frames();
    expect(frames.at(-1)).toMatchObject({ event: 'error', data: expect.stringMatching(/api_error.*unexpected EOF/u) });
  });
});
