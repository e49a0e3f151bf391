import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { jsonScript, playModel, say, startScriptedUpstream, upstreamDialect, waitFor } from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createClient, readResultsOf, untilEnded } from './support/batch-client.ts';
import type { BatchRequest } from './support/batch-client.ts';
import { endLocal, startLocal } from './support/start-local.ts';
import type { LocalProcess } from './support/start-local.ts';

/** A provider for each way in which one is asked, all of them the same server. */
const providersAt = (url: string) => `version: 1
preferred: claude
providers:
  claude: {dialect: anthropic, baseUrl: "${url}", credential: {env: ANY_KEY}}
  chat: {dialect: openai-chat, baseUrl: "${url}/v1", credential: {env: ANY_KEY}}
  responses: {dialect: openai-responses, baseUrl: "${url}/v1", credential: {env: ANY_KEY}}
  llama: {dialect: ollama, baseUrl: "${url}"}
  studio: {dialect: gemini, baseUrl: "${url}/v1beta", credential: {env: ANY_KEY}}
  google:
    dialect: gemini
    baseUrl: "${url}/v1beta1/projects/p-123456/locations/us-east5/publishers/google"
    credential: {vertex: {project: p-123456, location: us-east5}}
`;

const vertexPath = '/v1beta1/projects/p-123456/locations/us-east5/publishers/google/models/gemini-3-pro:';
const dialects = [
  { model: 'claude:claude-sonnet-5-5', dialect: 'anthropic', path: '/v1/messages' },
  { model: 'chat:vendor/model:tag', dialect: 'openai-chat', path: '/v1/chat/completions' },
  { model: 'responses:gpt-5.4', dialect: 'openai-responses', path: '/v1/responses' },
  { model: 'llama:qwen3:8b', dialect: 'ollama', path: '/api/chat' },
  { model: 'studio:gemini-3-pro', dialect: 'gemini', path: '/v1beta/models/gemini-3-pro:' },
  { model: 'google:gemini-3-pro', dialect: 'gemini', path: vertexPath },
] as const;

const hello = playModel([{ content: [say('Grüße, Zoë. 石')], usage: { input: 70, cacheRead: 0, output: 21 } }]);
let opened: AsyncDisposableStack;
let upstream: ScriptedUpstream;
let local: LocalProcess;
let apiKey: string;

beforeAll(async () => {
  opened = new AsyncDisposableStack();
  const root = await mkdtemp(join(tmpdir(), 'ccg-batch-dialects-'));
  opened.defer(() => rm(root, { recursive: true }));
  upstream = await startScriptedUpstream();
  opened.defer(() => upstream.close());
  // The server that a machine of Google asks for its tokens.
  const metadata = await startScriptedUpstream(({ path }) => {
    const token = { access_token: 'of-the-machine', expires_in: 3600, token_type: 'Bearer' };
    return jsonScript(200, path.includes('/token') ? token : {}, { 'metadata-flavor': 'Google' });
  });
  opened.defer(() => metadata.close());
  const file = join(root, 'gateway.yaml');
  await writeFile(file, providersAt(upstream.url));
  const dataDir = join(root, 'data');
  local = await startLocal({
    dataDir,
    env: {
      GATEWAY_CONFIG: file,
      ANY_KEY: 'sk-any',
      GCE_METADATA_HOST: new URL(metadata.url).host,
      // Nothing of this machine's own login is found.
      HOME: '/nonexistent',
    },
  });
  opened.defer(() => endLocal(local.process, dataDir));
  apiKey = (await readFile(join(dataDir, 'first-key'), 'utf8')).trim();
});
afterAll(() => opened.disposeAsync());
beforeEach(() => {
  upstream.reset();
  upstream.play(hello);
});

/** What the model was asked; one is also asked what it can do. */
const asked = () => upstream.requests.filter((request) => upstreamDialect(request) !== undefined);

function requestsFor(model: string, count: number): BatchRequest[] {
  const params = { model, max_tokens: 100, messages: [{ role: 'user' as const, content: 'Sag grüße.' }] };
  return Array.from({ length: count }, (_, index) => ({ custom_id: `item-${index}`, params }));
}

describe.each(dialects)('a batch of the official SDK that $model serves', ({ model, dialect, path }) => {
  test('is created, polled, gives a message of Anthropic for each request, and is deleted', async () => {
    const client = createClient(local.url, apiKey);
    const requests = requestsFor(model, 5);
    const { id, request_counts: counts } = await client.messages.batches.create({ requests });
    expect(counts).toEqual({ processing: 5, succeeded: 0, errored: 0, canceled: 0, expired: 0 });
    expect((await untilEnded(client, id)).request_counts).toEqual({ ...counts, processing: 0, succeeded: 5 });
    const results = await readResultsOf(client, id);
    expect([...results.keys()].toSorted()).toEqual(requests.map((request) => request.custom_id));
    for (const result of results.values()) {
      expect(result).toMatchObject({
        type: 'succeeded',
        message: {
          type: 'message',
          role: 'assistant',
          // The Responses API shows its reasoning before it.
          content: expect.arrayContaining([{ type: 'text', text: 'Grüße, Zoë. 石' }]),
          stop_reason: 'end_turn',
          usage: { input_tokens: 70, output_tokens: 21 },
        },
      });
    }
    expect(asked().map(upstreamDialect)).toEqual(Array.from({ length: 5 }, () => dialect));
    expect(asked().every((request) => request.path.startsWith(path))).toBe(true);
    expect(await client.messages.batches.delete(id)).toEqual({ id, type: 'message_batch_deleted' });
    await expect(client.messages.batches.retrieve(id)).rejects.toMatchObject({ status: 404 });
  });

  test('tells with the whole error what the provider refuses', async () => {
    const client = createClient(local.url, apiKey);
    upstream.play((request) =>
      upstreamDialect(request) === undefined
        ? hello(request)
        : jsonScript(400, { type: 'error', error: { type: 'invalid_request_error', message: 'too warm' } }),
    );
    const { id } = await client.messages.batches.create({ requests: requestsFor(model, 1) });
    expect((await untilEnded(client, id)).request_counts).toMatchObject({ succeeded: 0, errored: 1 });
    expect((await readResultsOf(client, id)).get('item-0')).toEqual({
      type: 'errored',
      error: {
        type: 'error',
        error: expect.objectContaining({
          type: 'invalid_request_error',
          message: expect.stringContaining('too warm'),
        }),
        request_id: expect.stringMatching(/^req_/u),
      },
    });
  });

  test('that is canceled ends with the answers that came and "canceled" for the rest', async () => {
    const client = createClient(local.url, apiKey);
    upstream.play((request) => [waitFor(setTimeout(200)), ...hello(request)]);
    const { id } = await client.messages.batches.create({ requests: requestsFor(model, 60) });
    await expect.poll(() => asked().length, { timeout: 20_000 }).toBeGreaterThan(0);
    expect((await client.messages.batches.cancel(id)).processing_status).toBe('canceling');
    const { request_counts: counts } = await untilEnded(client, id);
    expect(counts.canceled).toBeGreaterThan(0);
    expect(counts.succeeded + counts.canceled).toBe(60);
    const types = [...(await readResultsOf(client, id)).values()].map(({ type }) => type);
    expect(types.filter((type) => type === 'canceled')).toHaveLength(counts.canceled);
    expect(types.filter((type) => type === 'succeeded')).toHaveLength(counts.succeeded);
  });
});
