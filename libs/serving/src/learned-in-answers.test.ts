import { head, jsonAt, jsonScript, openAiChatSseHead, write } from '@ccg/testkit';
import type { Script } from '@ccg/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import {
  chat,
  closeServer,
  compatible,
  gauge,
  has,
  ollama,
  rejection,
  start,
  tools,
} from '../test/rejecting-server.ts';

// What a server refuses is learned wherever in its answer it says so.

afterEach(closeServer);

const refusal = (message: string) => ({ error: { message, code: 400 } });
const ofCompatible = (message: string) => ({ type: 'error', error: { type: 'invalid_request_error', message } });
const sse = { 'content-type': 'text/event-stream' };
const ndjson = { 'content-type': 'application/x-ndjson' };

type Told = (message: string) => Script;
const asDocument: Told = (message) => jsonScript(200, refusal(message));
const asEvent: Told = (message) => [
  ...openAiChatSseHead(),
  write(`data: ${JSON.stringify(refusal(message))}\n\ndata: [DONE]\n\n`),
];
const asPlainJson: Told = (message) => [head(200, sse), write(JSON.stringify(refusal(message)))];
const asCompatibleDocument: Told = (message) => jsonScript(200, ofCompatible(message));
const asCompatibleEvent: Told = (message) => [
  head(200, sse),
  write(`event: error\ndata: ${JSON.stringify(ofCompatible(message))}\n\n`),
];
const asLine: Told = (message) => [head(200, ndjson), write(`${JSON.stringify({ error: message })}\n`)];
const asLineWithCode: Told = (message) => [head(200, ndjson), write(`${JSON.stringify(refusal(message))}\n`)];

const forms: readonly (readonly [how: string, prefix: typeof chat, told: Told])[] = [
  ['a document', chat, asDocument],
  ['the first event', chat, asEvent],
  ['JSON in the place of events', chat, asPlainJson],
  ['a document of a compatible server', compatible, asCompatibleDocument],
  ['the first event of a compatible server', compatible, asCompatibleEvent],
  ['a document of Ollama', ollama, asDocument],
  ['the first line of Ollama', ollama, asLine],
  ['the first line of Ollama, with a code', ollama, asLineWithCode],
];

describe.each(forms)('a refusal with status 200, as %s', (_how, prefix, told) => {
  const temperature = (body: unknown) => jsonAt(body, 'temperature') ?? jsonAt(body, 'options', 'temperature');
  const limit = (body: unknown) => Number(jsonAt(body, 'max_tokens') ?? jsonAt(body, 'options', 'num_predict'));

  test.each([
    ["property 'temperature' is unsupported", false],
    ['Unknown parameter: temperature', true],
  ])('of a field, %s, asked for a stream: %s', async (words, stream) => {
    const server = await start({
      prefix,
      rejects: (body) => (temperature(body) === undefined ? undefined : told(words)),
    });
    const first = await server.ask({ temperature: 0.5, stream });
    expect([first.end, first.record.attempts.length]).toEqual(['completed ok', 2]);
    expect((await server.ask({ temperature: 0.5, stream })).record.attempts).toHaveLength(1);
    expect(await server.learned()).toEqual([gauge('field', 1, prefix.provider)]);
  });

  test.each([true, false])('of a value is asked again with the nearest, asked for a stream: %s', async (stream) => {
    const server = await start({
      prefix,
      rejects: (body) => (Number(temperature(body)) > 0.5 ? told('temperature must be between 0 and 0.5') : undefined),
    });
    const { end, sent } = await server.ask({ temperature: 0.9, stream });
    expect([end, sent.map(temperature)]).toEqual(['completed ok', [0.9, 0.5]]);
  });

  test.each([true, false])('of a length is asked again with a shorter one, asked for a stream: %s', async (stream) => {
    const server = await start({
      prefix,
      rejects: (body) => (limit(body) > 8192 ? told('max_tokens must be <= 8192') : undefined),
    });
    const { end, sent } = await server.ask({ max_tokens: 32_000, stream });
    expect([end, sent.map(limit)]).toEqual(['completed ok', [32_000, 8192]]);
  });

  test('of a schema is asked again with plainer ones', async () => {
    const words = 'Failed to initialize samplers: failed to parse grammar';
    const server = await start({
      prefix,
      rejects: (body) => (JSON.stringify(body).includes('"pattern":"') ? told(words) : undefined),
    });
    expect((await server.ask({ tools, stream: true })).end).toBe('completed ok');
    expect((await server.ask({ tools, stream: true })).record.attempts).toHaveLength(1);
  });

  test('every time comes to an end, and nothing is learned from it', async () => {
    const server = await start({ prefix, rejects: () => told("Unsupported parameter: 'temperature'") });
    const { record } = await server.ask({ temperature: 0.5, stream: true });
    expect(record.attempts).toHaveLength(2);
    expect(record.end).toMatchObject({ error: { status: 400 } });
    expect(await server.learned()).toEqual([]);
  });
});

test('the same refusals with their own status are met alike by Ollama', async () => {
  const server = await start({
    prefix: ollama,
    rejects: (body) => (has(body, 'options', 'temperature') ? rejection('Unknown parameter: temperature') : undefined),
  });
  const first = await server.ask({ temperature: 0.5 });
  expect([first.end, first.record.attempts.length]).toEqual(['completed ok', 2]);
  expect(await server.learned()).toEqual([gauge('field', 1, 'ollama')]);
});
