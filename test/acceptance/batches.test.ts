import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type Anthropic from '@anthropic-ai/sdk';
import { jsonAt, jsonScript, jsonTextAt, playModel, say, startScriptedUpstream, waitFor } from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createClient, readResultsOf, untilEnded } from './support/batch-client.ts';
import { endLocal, startLocal } from './support/start-local.ts';
import type { LocalProcess } from './support/start-local.ts';

type Params = Anthropic.Messages.BatchCreateParams.Request['params'];

const params: Params = {
  model: 'claude-sonnet-5-5',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Say hello' }],
};
const fast = { ...params, speed: 'fast' as const };
const hello = playModel([{ content: [say('Hello, Zoë.')] }]);

let root: string;
let upstream: ScriptedUpstream;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ccg-batches-'));
  upstream = await startScriptedUpstream();
});
afterAll(async () => {
  await upstream.close();
  await rm(root, { recursive: true });
});
beforeEach(() => {
  upstream.reset();
  upstream.play(hello);
});

describe.each(['redis-server', 'embedded'] as const)('batches of npm start on the store %s', (store) => {
  let local: LocalProcess;
  let apiKey: string;

  beforeAll(async () => {
    const dataDir = join(root, store);
    local = await startLocal({
      dataDir,
      env: {
        LOCAL_STORE: store,
        OPENAI_API_KEY: 'sk-none',
        OPENAI_BASE_URL: `${upstream.url}/v1`,
        ANTHROPIC_API_KEY: 'sk-none',
        ANTHROPIC_API_BASE: upstream.url,
        BIG_MODEL: 'big',
        SMALL_MODEL: 'small',
        PREFERRED_PROVIDER: 'openai',
      },
    });
    apiKey = (await readFile(join(dataDir, 'first-key'), 'utf8')).trim();
  });
  afterAll(() => endLocal(local.process, join(root, store)));

  const client = (prefix = ''): Anthropic => createClient(local.url + prefix, apiKey);
  const ended = (id: string) => untilEnded(client(), id);
  const resultsOf = (id: string) => readResultsOf(client(), id);

  test.each([
    { prefix: '', path: '/v1/chat/completions', model: 'big' },
    { prefix: '/openai:vendor/model:tag', path: '/v1/chat/completions', model: 'vendor/model:tag' },
    { prefix: '/anthropic:claude-opus-5-5', path: '/v1/messages', model: 'claude-opus-5-5' },
  ])(
    'the SDK creates one under the prefix "$prefix", which holds for every item, polls it, reads one result for each request and deletes it',
    async ({ prefix, path, model }) => {
      const requests = Array.from({ length: 12 }, (_, index) => ({ custom_id: `item-${index}`, params }));
      const { id, request_counts: counts } = await client(prefix).messages.batches.create({ requests });
      expect(counts).toEqual({ processing: 12, succeeded: 0, errored: 0, canceled: 0, expired: 0 });
      const batch = await ended(id);
      expect(batch.request_counts).toEqual({ processing: 0, succeeded: 12, errored: 0, canceled: 0, expired: 0 });
      const results = await resultsOf(id);
      expect([...results.keys()].toSorted()).toEqual(requests.map((request) => request.custom_id).toSorted());
      for (const result of results.values()) {
        expect(result).toMatchObject({ type: 'succeeded', message: { content: [{ text: 'Hello, Zoë.' }] } });
      }
      const asked = upstream.requests.map((request) => [request.path, jsonAt(request.json(), 'model')]);
      expect(asked).toEqual(Array.from({ length: 12 }, () => [path, model]));
      expect(await client().messages.batches.delete(id)).toEqual({ id, type: 'message_batch_deleted' });
      await expect(client().messages.batches.retrieve(id)).rejects.toMatchObject({ status: 404 });
    },
  );

  test('params that are no request end their item with the whole error, whatever JSON they are', async () => {
    const odd = [
      '"text"',
      '7',
      'null',
      'true',
      '[]',
      '{}',
      '{"model":"m"}',
      '{"model":"m","max_tokens":1,"messages":7}',
    ];
    const items = odd.map((one, index) => `{"custom_id":"item-${index}","params":${one}}`);
    const answer = await fetch(`${local.url}/v1/messages/batches`, {
      method: 'POST',
      headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
      body: `{"requests":[${items.join(',')}]}`,
    });
    expect(answer.status).toBe(200);
    const id = jsonTextAt(await answer.json(), 'id');
    expect((await ended(id)).request_counts).toMatchObject({ succeeded: 0, errored: odd.length });
    for (const result of (await resultsOf(id)).values()) {
      expect(result).toEqual({
        type: 'errored',
        error: {
          type: 'error',
          error: { type: 'invalid_request_error', message: expect.stringMatching(/./u) },
          request_id: expect.stringMatching(/^req_/u),
        },
      });
    }
    expect(upstream.requests).toEqual([]);
  });

  test('a request that a batch cannot have ends with the whole error, and the others with their answers', async () => {
    const { id } = await client().messages.batches.create({
      requests: [
        { custom_id: 'good', params },
        { custom_id: 'stream', params: { ...params, stream: true as never } },
        { custom_id: 'nothing', params: { ...params, max_tokens: 0 } },
        { custom_id: 'fast', params: fast },
        { custom_id: 'no-model', params: { ...params, model: '' } },
      ],
    });
    expect((await ended(id)).request_counts).toMatchObject({ succeeded: 1, errored: 4 });
    const results = await resultsOf(id);
    expect(results.get('good')).toMatchObject({ type: 'succeeded' });
    const fields = { stream: 'stream', nothing: 'max_tokens', fast: 'speed', 'no-model': 'model' };
    for (const [customId, field] of Object.entries(fields)) {
      expect(results.get(customId)).toEqual({
        type: 'errored',
        error: {
          type: 'error',
          error: { type: 'invalid_request_error', message: expect.stringContaining(field) },
          request_id: expect.stringMatching(/^req_/u),
        },
      });
    }
  });

  test('a provider that has no room for a while is asked again, one that refuses is not', async () => {
    upstream.answer(jsonScript(429, { error: { message: 'slow down' } }, { 'retry-after': '1' }));
    upstream.answer(jsonScript(503, { error: { message: 'busy' } }));
    const { id } = await client().messages.batches.create({ requests: [{ custom_id: 'one', params }] });
    expect((await ended(id)).request_counts).toMatchObject({ succeeded: 1, errored: 0 });
    expect(upstream.requests.length).toBeGreaterThanOrEqual(3);

    upstream.reset();
    upstream.play(() => jsonScript(400, { error: { message: 'no such thing', type: 'invalid_request_error' } }));
    const refused = await client().messages.batches.create({ requests: [{ custom_id: 'one', params }] });
    expect((await ended(refused.id)).request_counts).toMatchObject({ succeeded: 0, errored: 1 });
    expect(jsonAt((await resultsOf(refused.id)).get('one'), 'error', 'error', 'message')).toContain('no such thing');
  });

  test('one that is canceled ends with the answers that came and "canceled" for the rest', async () => {
    upstream.play((request) => [waitFor(setTimeout(300)), ...hello(request)]);
    const requests = Array.from({ length: 60 }, (_, index) => ({ custom_id: `item-${index}`, params }));
    const { id } = await client().messages.batches.create({ requests });
    await upstream.request(0);
    expect((await client().messages.batches.cancel(id)).processing_status).toBe('canceling');
    const { request_counts: counts } = await ended(id);
    expect(counts.canceled).toBeGreaterThan(0);
    expect(counts.succeeded + counts.canceled).toBe(60);
    const results = [...(await resultsOf(id)).values()];
    expect(results).toHaveLength(60);
    expect(results.filter(({ type }) => type === 'canceled')).toHaveLength(counts.canceled);
  });
});
