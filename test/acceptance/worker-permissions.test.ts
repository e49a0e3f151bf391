import { setTimeout } from 'node:timers/promises';
import Anthropic from '@anthropic-ai/sdk';
import { findMissingPermissions } from '@ccg/store';
import { createApiKey, systemActor } from '@ccg/tenancy';
import { doneValue, jsonScript, playModel, say, startWorker } from '@ccg/testkit';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

const params = { model: 'claude-sonnet-5-5', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hi' }] };
const requests = Array.from({ length: 40 }, (_, index) => ({ custom_id: `item-${index}`, params }));
const base = ['on', '>secret', 'resetkeys', 'resetchannels', '~test:*', '&test:*', '-@all', '+@connection'];

/** Sets the permissions of a user of the tests' Redis, and gives its URL. */
async function permit(url: string, user: string, rules: readonly string[]): Promise<string> {
  const redis = new Redis(url);
  await redis.call('ACL', 'SETUSER', user, ...base, ...rules);
  redis.disconnect();
  const own = new URL(url);
  return Object.assign(own, { username: user, password: 'secret' }).href;
}

async function batchesOf({ gateway, tenant, tenancy }: Suite): Promise<Anthropic.Messages.Batches> {
  const scopes = ['batches'] as const;
  const issued = await createApiKey(tenancy, systemActor('suite'), { tenant, name: 'of batches', scopes });
  const apiKey = doneValue(issued).apiKey.reveal();
  return new Anthropic({ baseURL: gateway.url, apiKey, authToken: null, maxRetries: 0 }).messages.batches;
}

test('a worker whose Redis user lacks commands says which, and runs batches with those alone', async () => {
  const user = `worker-${process.pid}`;
  let admin = '';
  const suite = await startSuite('worker-permissions', { PUBLIC_BASE_URL: 'http://gateway.example.com' }, (url) => {
    admin = url;
    return Promise.resolve(url);
  });
  const reached = await permit(admin, user, []);
  const options = { keyPrefix: 'test:', timeoutMs: 10_000 };
  const [ofAll, ofQueue] = await Promise.all(
    [false, true].map(
      async (hasQueue) => (await findMissingPermissions({ url: reached }, { ...options, hasQueue })).aclRules,
    ),
  );
  try {
    await permit(admin, user, ofAll ?? []);
    const missing = ofQueue?.filter((rule) => ofAll?.includes(rule) !== true) ?? [];
    expect(missing).toContain('+bzpopmin');
    await expect(startWorker({ ...suite.env, REDIS_URL: reached })).rejects.toThrow(
      `The Redis user "${user}" lacks permissions. Grant them there with: ACL SETUSER ${user} ${missing.join(' ')}\n`,
    );
    await permit(admin, user, ofQueue ?? []);
    const worker = await startWorker({ ...suite.env, REDIS_URL: reached });
    // One that is tried again is moved to those that wait for their time.
    suite.upstream.answer(jsonScript(429, { error: { message: 'slow down' } }, { 'retry-after': '1' }));
    suite.upstream.play(playModel([{ content: [say('Hello.')] }]));
    const batches = await batchesOf(suite);
    const { id } = await batches.create({ requests });
    let batch = await batches.retrieve(id);
    while (batch.processing_status !== 'ended') {
      expect(worker.output()).not.toMatch(/NOPERM|"level":"error"/u);
      await setTimeout(100);
      batch = await batches.retrieve(id);
    }
    expect(batch.request_counts).toMatchObject({ succeeded: 40, errored: 0 });
    expect(worker.output()).not.toMatch(/NOPERM|"level":"error"/u);
    await worker.stop();
  } finally {
    const redis = new Redis(admin);
    await redis.call('ACL', 'DELUSER', user);
    redis.disconnect();
    await suite.close();
  }
}, 180_000);
