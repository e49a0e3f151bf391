import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import Anthropic from '@anthropic-ai/sdk';
import { jsonTextAt } from '@ccg/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requestsOf } from './support/batch-rig.ts';
import { openBatchGateway } from './support/batch-gateway.ts';
import type { BatchGateway } from './support/batch-gateway.ts';

/* What else the official SDK does with batches, and what clients do with many results. */

const path = '/v1/messages/batches';
const params = { model: 'm', max_tokens: 9, messages: [{ role: 'user' as const, content: 'Hi' }] };
const megabyte = 1024 * 1024;

let rig: BatchGateway;
let keys: BatchGateway['keys'];
beforeAll(async () => {
  rig = await openBatchGateway();
  ({ keys } = rig);
});
afterAll(async () => {
  await rig.close();
});

const sdk = (apiKey: string) => new Anthropic({ apiKey, authToken: null, baseURL: rig.gateway.url, maxRetries: 0 });

/** A batch that has ended with as many results, each of so many bytes. */
async function endedBatch(count: number, bytes: number): Promise<string> {
  const { status, body } = await rig.ask(keys.ada, 'POST', path, requestsOf(count));
  expect(status).toBe(200);
  const id = jsonTextAt(body, 'id');
  const message = { id: 'msg_1', type: 'message', text: 'é'.repeat(bytes / 2) };
  for (let index = 0; index < count; index += 1) await rig.finish('acme', id, index, message);
  return id;
}

test('the beta SDK creates a batch with betas, finds it, reads its results and deletes it', async () => {
  const { batches } = sdk(keys.bob).beta.messages;
  const betas = ['message-batches-2024-09-24', 'context-1m-2025-08-07'];
  const { id } = await batches.create({ requests: ['a', 'b'].map((custom_id) => ({ custom_id, params })), betas });
  expect(await batches.retrieve(id, { betas })).toMatchObject({ id, type: 'message_batch', results_url: null });
  await rig.finish('acme', id, 0, { id: 'msg_1', type: 'message' });
  await batches.cancel(id, { betas });
  const results: unknown[] = [];
  for await (const result of await batches.results(id, { betas })) results.push(result);
  expect(results).toMatchObject([
    { custom_id: 'a', result: { type: 'succeeded', message: { id: 'msg_1' } } },
    { custom_id: 'b', result: { type: 'canceled' } },
  ]);
  expect(await batches.delete(id, { betas })).toEqual({ id, type: 'message_batch_deleted' });
});

test('the SDK walks through a list of many pages, in both directions, while batches are created and deleted', async () => {
  const { batches } = sdk(keys.service).messages;
  const created: string[] = [];
  for (let turn = 0; turn < 7; turn += 1) {
    created.unshift((await batches.create({ requests: [{ custom_id: 'a', params }] })).id);
  }
  const walked: string[] = [];
  for await (const { id } of batches.list({ limit: 2 })) {
    walked.push(id);
    if (walked.length !== 2) continue;
    await batches.create({ requests: [{ custom_id: 'new', params }] });
    await batches.cancel(id);
    await batches.delete(id);
  }
  expect(walked).toEqual(created);

  const page = await batches.list({ limit: 3, before_id: created.at(-1) ?? '' });
  expect(page.data.map(({ id }) => id)).toEqual(created.slice(3, 6));
  const seen = page.data.map(({ id }) => id);
  for (let next = page; next.hasNextPage();) {
    next = await next.getNextPage();
    seen.push(...next.data.map(({ id }) => id));
  }
  expect(new Set(seen).size).toBe(seen.length);
});

test('the SDK raises each refusal as the class of its status, with our request id', async () => {
  const { batches } = sdk(keys.ada).messages;
  const { id } = await batches.create({ requests: [{ custom_id: 'a', params }] });
  const unknown = `msgbatch_${'0'.repeat(32)}`;
  const requestID = expect.stringMatching(/^req_/u);
  await expect(batches.delete(id)).rejects.toMatchObject({ status: 400, requestID });
  await expect(batches.results(id)).rejects.toThrow('No batch `results_url`');
  await expect(batches.cancel(unknown)).rejects.toBeInstanceOf(Anthropic.NotFoundError);
  await expect(batches.create({ requests: [] })).rejects.toMatchObject({ status: 400, requestID });
  await expect(sdk(keys.messages).messages.batches.list()).rejects.toBeInstanceOf(Anthropic.PermissionDeniedError);
  const { batches: nobodys } = sdk('ccg_live_none').messages;
  await expect(nobodys.create({ requests: [] })).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
});

describe('many results', { timeout: 120_000 }, () => {
  test('of large lines are decoded by the SDK', async () => {
    const id = await endedBatch(2, 2 * megabyte);
    const lengths: number[] = [];
    for await (const { result } of await sdk(keys.ada).messages.batches.results(id)) {
      lengths.push(result.type === 'succeeded' ? jsonTextAt(result.message, 'text').length : 0);
    }
    expect(lengths).toEqual([megabyte, megabyte]);
  });

  test('are sent no faster than they are read, and not read further after the reader has left; the next one gets all of them', async () => {
    const id = await endedBatch(24, 2 * megabyte);
    const before = process.memoryUsage().arrayBuffers;
    const socket = connect(Number(new URL(rig.gateway.url).port), '127.0.0.1');
    socket.pause();
    socket.on('error', () => {});
    socket.write(`GET ${path}/${id}/results HTTP/1.1\r\nhost: x\r\nx-api-key: ${keys.ada}\r\n\r\n`);
    // What a gateway holds that does not wait has grown to all of it by then.
    const grown: number[] = [];
    for (let turn = 0; turn < 20; turn += 1) {
      await setTimeout(100);
      grown.push(process.memoryUsage().arrayBuffers - before);
    }
    expect(Math.max(...grown)).toBeLessThan(20 * megabyte);
    const closed = once(socket, 'close');
    socket.destroy();
    await closed;

    const { text } = await rig.ask(keys.ada, 'GET', `${path}/${id}/results`);
    const lines = text.trim().split('\n');
    expect(new Set(lines.map((line) => jsonTextAt(JSON.parse(line), 'custom_id'))).size).toBe(24);
  });

  test('that a reader breaks off are there for the next one, whole', async () => {
    const id = await endedBatch(10, megabyte / 4);
    const controller = new AbortController();
    const { signal } = controller;
    const read = async () => {
      for await (const line of await sdk(keys.ada).messages.batches.results(id, {}, { signal })) {
        expect(line.custom_id).toBe('item-0');
        controller.abort();
      }
    };
    await read().catch(() => undefined);
    const ids: string[] = [];
    for await (const { custom_id: customId } of await sdk(keys.ada).messages.batches.results(id)) ids.push(customId);
    expect(ids).toEqual(Array.from({ length: 10 }, (_, index) => `item-${index}`));
  });

  test('are told of by HEAD without being sent', async () => {
    const id = await endedBatch(1, 2);
    const answer = await rig.ask(keys.ada, 'HEAD', `${path}/${id}/results`);
    expect([answer.status, answer.headers.get('content-type'), answer.text]).toEqual([200, 'application/x-jsonl', '']);
  });
});
