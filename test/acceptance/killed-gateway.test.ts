import { randomUUID } from 'node:crypto';
import { createTenant, createApiKey, systemActor } from '@ccg/tenancy';
import { doneValue, hang, jsonScript, openAiChatFrame, openAiChatSseHead, startGateway, write } from '@ccg/testkit';
import { decodeUsageRecord } from '@ccg/usage';
import { expect, onTestFinished, test } from 'vitest';
import { openStream } from './support/open-stream.ts';
import { startAdminProcess } from './support/start-admin.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

/** A request is renewed after 20 s, lapses 60 s later, and is swept within another 30 s. */
const patienceMs = 150_000;
const root = systemActor('suite');
const body = { model: 'm', max_tokens: 4000, stream: true, messages: [{ role: 'user', content: 'hi' }] };
const answer = { choices: [{ index: 0, message: { role: 'assistant', content: 'fine' }, finish_reason: 'stop' }] };

/** A tenant whose requests run one at a time, with a budget. */
async function createLimitedTenant({ tenancy }: Suite): Promise<{ readonly tenant: string; readonly apiKey: string }> {
  const tenant = `team-${randomUUID().slice(0, 8)}`;
  const cap = { level: 'tenant', kind: 'concurrency', amount: 1, maxWaitSeconds: 0 } as const;
  const budget = { level: 'tenant', kind: 'budget', amount: 100, per: 'month' } as const;
  const made = { id: tenant, name: tenant, allowlist: { models: ['*'] }, limits: [cap, budget] };
  doneValue(await createTenant(tenancy, root, made));
  const { apiKey } = doneValue(await createApiKey(tenancy, root, { tenant, name: 'suite' }));
  return { tenant, apiKey: apiKey.reveal() };
}

const recordsOf = async ({ tenancy: { store } }: Suite, tenant: string) => {
  const entries = await store.command('xrange', [store.redisKeys.usageRecords(tenant), '-', '+']);
  return (entries as [string, string[]][]).map(([, fields]) => decodeUsageRecord(fields[3] ?? ''));
};

// Both mostly wait.
test.concurrent.each(['another gateway', 'the admin app alone'])(
  'what a gateway that was killed was doing is charged and recorded as far as it had come, and its place is free, by %s',
  async (survivor) => {
    const suite = await startSuite('killed-gateway', {});
    onTestFinished(() => suite.close());
    const { tenancy, upstream, gateway, env } = suite;
    const { store } = tenancy;
    const { tenant, apiKey } = await createLimitedTenant(suite);
    const victim = await startGateway(env);
    const words = Array.from({ length: 50 }, (_, at) =>
      openAiChatFrame('gpt-4.1', { choices: [{ index: 0, delta: { content: `word ${at} ` }, finish_reason: null }] }),
    );
    upstream.answer([...openAiChatSseHead(), ...words.map(write), hang]);
    const stream = await openStream(`${victim.url}/v1/messages`, apiKey, body);
    await stream.readUntil((text) => text.includes('word 49'));
    const running = store.redisKeys.reservations(tenant);
    const [id = ''] = (await store.command('zrangebylex', [running, '-', '+'])) as string[];
    const reservation = async () =>
      Object.keys(Object(await store.command('hgetall', [store.redisKeys.reservation(tenant, id)])));
    await expect.poll(reservation, { timeout: 30_000 }).toContainEqual(expect.stringMatching(/^used:budget:/u));
    victim.signal('SIGKILL');
    const admin = survivor === 'another gateway' ? undefined : await startAdminProcess(env);
    if (admin === undefined) {
      const ask = async () => {
        upstream.answer(jsonScript(200, answer));
        return (await openStream(`${gateway.url}/v1/messages`, apiKey, { ...body, stream: false })).status;
      };
      expect(await ask()).toBe(429);
      await expect.poll(ask, { timeout: patienceMs, interval: 2000 }).toBe(200);
    }
    const readRecord = async () => (await recordsOf(suite, tenant)).find((record) => record?.id === id);
    await expect.poll(readRecord, { timeout: patienceMs, interval: 1000 }).toMatchObject({ outcome: 'running' });
    const record = await readRecord();
    expect(record?.outputTokens).toBeGreaterThan(50);
    expect(record?.outputTokens).toBeLessThan(500);
    expect(record?.costMicroDollars).toBeGreaterThan(0);
    await admin?.stop();
  },
  180_000,
);
