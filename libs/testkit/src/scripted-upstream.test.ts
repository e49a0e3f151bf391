import { request as httpRequest } from 'node:http';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { collectFrames } from './collect-frames.ts';
import { createGate } from './gate.ts';
import { jsonAt, jsonTextAt } from './json-at.ts';
import { callTool, say } from './model-turn.ts';
import { playModel } from './play-model.ts';
import { cut, hang, head, jsonScript, waitFor, write } from './script.ts';
import { startScriptedUpstream } from './scripted-upstream.ts';
import type { ScriptedUpstream } from './scripted-upstream.ts';

let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await startScriptedUpstream();
});
afterEach(async () => {
  await upstream.close();
});

async function post(path: string, body: unknown): Promise<Response> {
  return fetch(`${upstream.url}${path}`, { method: 'POST', body: JSON.stringify(body), headers: { 'x-sent': 'yes' } });
}

describe('a scripted upstream', () => {
  test('records method, path, headers and body', async () => {
    upstream.answer(jsonScript(418, { short: 'stout' }, { 'retry-after': '3' }));
    const answer = await post('/v1/any?beta=true', { a: 1 });
    expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toEqual([
      418,
      '3',
      { short: 'stout' },
    ]);
    const request = await upstream.request(0);
    expect([request.method, request.path, request.headers['x-sent'], request.json()]).toEqual([
      'POST',
      '/v1/any?beta=true',
      'yes',
      { a: 1 },
    ]);
  });

  test('answers what is not scripted with an error that names it', async () => {
    const answer = await post('/v1/any', {});
    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain('nothing is scripted for POST /v1/any');
  });

  test('holds an answer at a closed gate and goes on when it opens', async () => {
    const gate = createGate();
    upstream.answer([head(200), write('one '), waitFor(gate.opened), write('two')]);
    const answer = await post('/', {});
    const reader = answer.body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString()).toBe('one ');
    gate.open();
    const second = await reader?.read();
    expect(Buffer.from(second?.value ?? []).toString()).toBe('two');
    expect(await reader?.read()).toMatchObject({ done: true });
  });

  test('cuts before and after the head', async () => {
    upstream.answer([cut], [head(200), write('half'), cut]);
    await expect(post('/', {})).rejects.toThrow('fetch failed');
    const answer = await post('/', {});
    await expect(answer.text()).rejects.toThrow('terminated');
  });

  test('tells that the client left a hanging answer', async () => {
    upstream.answer([hang]);
    const client = httpRequest(`${upstream.url}/`, { method: 'POST' }).on('error', () => {});
    client.end('{}');
    const request = await upstream.request(0);
    client.destroy();
    await request.aborted;
  });
});

describe('a played model', () => {
  const turns = [
    {
      content: [
        say('Two files.'),
        callTool('call_a', 'Write', { file_path: '/a', content: 'ä"\n' }),
        callTool('call_b', 'Bash', { command: 'ls' }),
      ],
    },
    { content: [say('Done.')], usage: { input: 10, cacheRead: 5, output: 3 } },
  ];

  test('streams text and parallel tool calls of the anthropic dialect', async () => {
    upstream.play(playModel(turns));
    const answer = await post('/v1/messages?beta=true', {
      model: 'm',
      stream: true,
      messages: [{ role: 'user', content: 'hi' }],
    });
    const events = collectFrames(await answer.text()).map(({ data }): unknown => JSON.parse(data));
    const argumentsAt = (index: number): string =>
      events
        .flatMap((event) => (jsonAt(event, 'index') === index ? [jsonTextAt(event, 'delta', 'partial_json')] : []))
        .join('');
    expect(JSON.parse(argumentsAt(1))).toEqual({ file_path: '/a', content: 'ä"\n' });
    expect(JSON.parse(argumentsAt(2))).toEqual({ command: 'ls' });
    expect(events.at(-2)).toMatchObject({
      type: 'message_delta',
      delta: { stop_reason: 'tool_use' },
      usage: { output_tokens: 34 },
    });
  });

  test('streams the openai-chat dialect with usage only when asked', async () => {
    upstream.play(playModel(turns));
    const body = { model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] };
    const silent = collectFrames(await (await post('/v1/chat/completions', body)).text());
    expect(silent.at(-1)?.data).toBe('[DONE]');
    expect(silent.some(({ data }) => data.includes('"usage"'))).toBe(false);
    const counted = collectFrames(
      await (await post('/v1/chat/completions', { ...body, stream_options: { include_usage: true } })).text(),
    );
    expect(JSON.parse(counted.at(-2)?.data ?? '')).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 1200, completion_tokens: 34 },
    });
    const calls = counted
      .slice(0, -2)
      .flatMap(({ data }) => jsonAt(JSON.parse(data), 'choices', 0, 'delta', 'tool_calls', 0) ?? []);
    const argumentsOf = (index: number): string =>
      calls
        .flatMap((call) => (jsonAt(call, 'index') === index ? [jsonTextAt(call, 'function', 'arguments')] : []))
        .join('');
    expect([argumentsOf(0), argumentsOf(1)].map((text): unknown => JSON.parse(text))).toEqual([
      { file_path: '/a', content: 'ä"\n' },
      { command: 'ls' },
    ]);
  });

  test('chooses the turn by the conversation, and answers whole when no stream is asked for', async () => {
    upstream.play(playModel(turns));
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'Two files.' },
      { role: 'user', content: 'go' },
    ];
    expect(await (await post('/v1/messages', { model: 'm', messages })).json()).toMatchObject({
      content: [{ type: 'text', text: 'Done.' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 3 },
    });
    expect(await (await post('/v1/chat/completions', { model: 'm', messages })).json()).toMatchObject({
      choices: [{ message: { content: 'Done.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 15, prompt_tokens_details: { cached_tokens: 5 } },
    });
  });

  test('refuses what a strict chat completions server refuses', async () => {
    upstream.play(playModel(turns));
    const call = {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'x', type: 'function', function: { name: 'f', arguments: '{}' } }],
    };
    const user = { role: 'user', content: 'hi' };
    const faults: readonly (readonly [object, string])[] = [
      [{ messages: [user], safeguards: [] }, 'safeguards'],
      [{ messages: [user, { role: 'system', content: 's' }] }, 'messages[1]'],
      [{ messages: [user, call, user] }, 'must be followed by tool messages'],
      [{ messages: [user, { role: 'tool', tool_call_id: 'x', content: '' }] }, 'answers no preceding tool call'],
      [{ messages: [user, call] }, 'No tool output'],
    ];
    for (const [body, words] of faults) {
      const answer = await post('/v1/chat/completions', { model: 'm', ...body });
      expect(answer.status).toBe(400);
      expect(await answer.text()).toContain(words);
    }
  });
});
