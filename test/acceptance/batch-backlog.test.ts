import Anthropic from '@anthropic-ai/sdk';
import { createApiKey, systemActor } from '@ccg/tenancy';
import { doneValue, playModel, say, startWorker } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { startAdminProcess } from './support/start-admin.ts';
import { startSuite } from './support/start-suite.ts';

const params = { model: 'claude-sonnet-5-5', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hi' }] };
const requests = Array.from({ length: 7 }, (_, index) => ({ custom_id: `item-${index}`, params }));

test('the admin API tells how many items wait while no worker runs, so that one is started, and that none is left afterwards', async () => {
  const suite = await startSuite('batch-backlog', { PUBLIC_BASE_URL: 'http://gateway.example.com' });
  suite.upstream.play(playModel([{ content: [say('Hello.')] }]));
  const issued = await createApiKey(suite.tenancy, systemActor('suite'), {
    tenant: suite.tenant,
    name: 'of batches',
    scopes: ['batches'],
  });
  const apiKey = doneValue(issued).apiKey.reveal();
  const client = new Anthropic({ baseURL: suite.gateway.url, apiKey, authToken: null, maxRetries: 0 });
  await client.messages.batches.create({ requests });
  const admin = await startAdminProcess(suite.env);
  const told = async (): Promise<string | undefined> => {
    const text = await (await fetch(`${admin.opsUrl}/metrics`)).text();
    return /^ccg_batch_backlog_items (?<items>\d+)$/mu.exec(text)?.groups?.['items'];
  };
  try {
    await expect.poll(told, { timeout: 30_000 }).toBe('7');
    const worker = await startWorker(suite.env);
    await expect.poll(told, { timeout: 60_000, interval: 500 }).toBe('0');
    await worker.stop();
  } finally {
    await admin.stop();
    await suite.close();
  }
}, 120_000);
