import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Anthropic from '@anthropic-ai/sdk';
import { createApiKey, systemActor } from '@ccg/tenancy';
import { doneValue, playModel, say, startGateway, startWorker } from '@ccg/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

const publicUrl = 'https://gateway.example.com/claude';
const message = { role: 'user', content: 'Say hello' } as const;
const params = { model: 'claude-sonnet-5-5', max_tokens: 100, messages: [message] };
const requests = Array.from({ length: 20 }, (_, index) => ({ custom_id: `item-${index}`, params }));

/** Asks the gateway at its own address, whatever address it gives: the way to it from outside is a proxy's. */
async function clientOf({ gateway, tenant, tenancy }: Suite): Promise<Anthropic> {
  const scopes = ['batches'] as const;
  const { apiKey: issued } = doneValue(
    await createApiKey(tenancy, systemActor('suite'), { tenant, name: 'of batches', scopes }),
  );
  const apiKey = issued.reveal();
  const toGateway: typeof fetch = (url, init) =>
    fetch(new URL(url instanceof Request ? url.url : url).href.replace(publicUrl, gateway.url), init);
  return new Anthropic({ baseURL: gateway.url, apiKey, authToken: null, maxRetries: 0, fetch: toGateway });
}

describe.each(['redis', 'directory'] as const)('a gateway and a worker with BATCH_STORE=%s', (kind) => {
  test('run a batch that was accepted before the worker was there, and give its results at PUBLIC_BASE_URL', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ccg-deployed-batches-'));
    const where = kind === 'redis' ? {} : { BATCH_STORE: kind, BATCH_DIR: join(folder, 'batches') };
    const suite = await startSuite(`deployed-batches-${kind}`, { PUBLIC_BASE_URL: publicUrl, ...where });
    suite.upstream.play(playModel([{ content: [say('Hello, Zoë.')] }]));
    const { batches } = (await clientOf(suite)).messages;
    const { id } = await batches.create({ requests });
    const worker = await startWorker(suite.env);
    try {
      let batch = await batches.retrieve(id);
      while (batch.processing_status !== 'ended') {
        await setTimeout(100);
        batch = await batches.retrieve(id);
      }
      expect(batch.request_counts).toMatchObject({ succeeded: 20, errored: 0 });
      expect(batch.results_url).toBe(`${publicUrl}/v1/messages/batches/${id}/results`);
      const found = new Map<string, string>();
      for await (const { custom_id: customId, result } of await batches.results(id)) {
        found.set(customId, result.type === 'succeeded' ? JSON.stringify(result.message.content) : result.type);
      }
      expect([...found.keys()].toSorted()).toEqual(requests.map((request) => request.custom_id).toSorted());
      for (const content of found.values()) expect(content).toContain('Hello, Zoë.');
      expect(await readdir(folder)).toEqual(kind === 'redis' ? [] : ['batches']);
    } finally {
      await worker.stop();
      await suite.close();
      await rm(folder, { recursive: true });
    }
  });
});

describe('a gateway that does not know where clients reach it', () => {
  let suite: Suite;
  afterAll(() => suite.close());

  test('says at its start that batches are off and why, and answers so that nobody tries it again', async () => {
    suite = await startSuite('deployed-batches-off', {});
    const off = await suite.gateway.waitForLog((line) => String(line['msg']).startsWith('message batches are off'));
    expect(off['msg']).toBe(
      'message batches are off: set PUBLIC_BASE_URL to the URL at which clients reach this gateway',
    );
    const { batches } = (await clientOf(suite)).messages;
    for (const call of [
      () => batches.create({ requests }),
      () => batches.retrieve('msgbatch_1'),
      () => batches.list(),
    ]) {
      const error: unknown = await call().catch((thrown: unknown) => thrown);
      if (!(error instanceof Anthropic.APIError)) throw new Error('It was answered.', { cause: error });
      expect(error).toMatchObject({ status: 501, error: { error: { type: 'not_supported' } } });
      expect(error.headers).toBeInstanceOf(Headers);
      expect(new Headers(error.headers).get('x-should-retry')).toBe('false');
    }
  });
});

describe('a worker that keeps batches elsewhere than the gateway', () => {
  let folder: string;
  let suite: Suite;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ccg-other-files-'));
    suite = await startSuite('batches-elsewhere', { PUBLIC_BASE_URL: publicUrl });
  });
  afterAll(async () => {
    await suite.close();
    await rm(folder, { recursive: true });
  });

  test('makes the gateway refuse batches that it would not find, and its log say which variables differ', async () => {
    const worker = await startWorker({ ...suite.env, BATCH_STORE: 'directory', BATCH_DIR: folder });
    const { batches } = (await clientOf(suite)).messages;
    await expect(batches.create({ requests })).rejects.toMatchObject({
      status: 503,
      headers: expect.toSatisfy((headers: Headers) => headers.get('retry-after') === '60'),
    });
    const sentence =
      'another gateway or worker on this Redis keeps the inputs and results of batches elsewhere: give all of them the same ' +
      'BATCH_STORE, BATCH_DIR, BATCH_S3_BUCKET and BATCH_S3_ENDPOINT, and one folder that they share';
    expect(await suite.gateway.waitForLog((line) => line['msg'] === sentence)).toMatchObject({ level: 'error' });
    await worker.stop();
  });

  test('is refused at its start where there are batches, and told what to set', async () => {
    // With nobody else there, the gateway's files are those that count once it starts anew.
    const again = await startGateway(suite.env);
    const { batches } = (await clientOf({ ...suite, gateway: again })).messages;
    await batches.create({ requests });
    await expect(startWorker({ ...suite.env, BATCH_STORE: 'directory', BATCH_DIR: folder })).rejects.toThrow(
      `BATCH_STORE: batches of this Redis are kept elsewhere than in the folder ${folder}, and would be lost. Give all gateways ` +
        'and workers the same BATCH_STORE, BATCH_DIR, BATCH_S3_BUCKET and BATCH_S3_ENDPOINT: the values that they had, and ' +
        'one folder that they share. To go on with others, delete all batches first.\n',
    );
    await again.stop();
  });
});
