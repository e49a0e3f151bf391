import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { jsonAt, playModel, say, startScriptedUpstream, waitFor } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { createClient, readResultsOf, untilEnded } from './support/batch-client.ts';
import { endLocal, startLocal } from './support/start-local.ts';
import type { LocalProcess } from './support/start-local.ts';

/** How many items npm start runs at a time. */
const slots = 4;
const total = 40;
const models = { BIG_MODEL: 'gpt-4.1', SMALL_MODEL: 'gpt-4.1' };

// Each waits until the claims of the dead have lapsed, so they wait together.
test.concurrent.each(['embedded', 'redis-server'] as const)(
  'a batch of npm start on the store %s outlives kill -9: one result for each request, and only those that ran are asked for again',
  async (store) => {
    await using opened = new AsyncDisposableStack();
    const hello = playModel([{ content: [say('Hello, Zoë.')] }]);
    const upstream = await startScriptedUpstream((request) => [waitFor(setTimeout(150)), ...hello(request)]);
    opened.defer(() => upstream.close());
    const dataDir = await mkdtemp(join(tmpdir(), 'ccg-batch-killed-'));
    opened.defer(() => rm(dataDir, { recursive: true }));
    const env = { LOCAL_STORE: store, OPENAI_BASE_URL: `${upstream.url}/v1`, OPENAI_API_KEY: 'sk-none', ...models };
    const start = async (): Promise<LocalProcess> => {
      const started = await startLocal({ dataDir, env });
      opened.defer(() => endLocal(started.process, dataDir));
      return started;
    };
    const contents = Array.from({ length: total }, (_, index) => `Say ${index}`);
    const requests = contents.map((content, index) => ({
      custom_id: `item-${index}`,
      params: { model: 'gpt-4.1', max_tokens: 100, messages: [{ role: 'user' as const, content }] },
    }));
    const once = { headers: { 'idempotency-key': 'order-1' } };

    const killed = await start();
    const apiKey = (await readFile(join(dataDir, 'first-key'), 'utf8')).trim();
    const { id } = await createClient(killed.url, apiKey).messages.batches.create({ requests }, once);
    await upstream.request(total / 4);
    killed.process.signal('SIGKILL');
    await killed.process.exited;
    const beforeKill = upstream.requests.length;
    expect(beforeKill).toBeLessThan(total);

    const client = createClient((await start()).url, apiKey);
    // Its answer could have been lost with the process.
    expect((await client.messages.batches.create({ requests }, once)).id).toBe(id);
    expect((await untilEnded(client, id)).request_counts).toMatchObject({ succeeded: total, errored: 0 });
    const results = await readResultsOf(client, id);
    expect([...results.keys()].toSorted()).toEqual(requests.map((request) => request.custom_id).toSorted());
    for (const result of results.values()) expect(result.type).toBe('succeeded');
    const asked = upstream.requests.map((request) => String(jsonAt(request.json(), 'messages', 0, 'content')));
    expect([...new Set(asked)].toSorted()).toEqual(contents.toSorted());
    expect(asked.length).toBeLessThanOrEqual(total + slots);
  },
);
