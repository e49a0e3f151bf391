import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '@ccg/store';
import type { GatewayProcess } from '@ccg/testkit';
import { request } from 'undici';
import { percentile } from '../credentials/percentiles.ts';

/** How soon the lease of a client that has left is free. */
export interface Releases {
  readonly clients: number;
  readonly leasesLeft: number;
  readonly releaseMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

interface DisconnectOptions {
  readonly gateways: readonly GatewayProcess[];
  readonly apiKey: string;
  readonly store: Store;
  readonly tenant: string;
  readonly clients: number;
}

const pollMs = 5;
const leaveEveryMs = 4;
const patienceMs = 10_000;

/** Opens many streams, has their clients leave one after the other, and watches the leases of their tenant. */
export async function measureReleases({ clients, ...options }: DisconnectOptions): Promise<Releases> {
  const { store, tenant } = options;
  const leases = store.redisKeys.leases(tenant, 'tenant');
  const readLeases = async () => (await store.command('zrangebylex', [leases, '-', '+'])) as string[];
  const streams = await Promise.all(Array.from({ length: clients }, (_, at) => openStream(options, at)));
  const held = await readLeases();
  if (held.length !== clients) throw new Error(`${held.length} leases for ${clients} streams.`);
  const leftAtMs = new Map<string, number>();
  const releasesMs: number[] = [];
  let isOver = false;

  async function watch(): Promise<void> {
    const waiting = new Set(held);
    const endAtMs = performance.now() + clients * leaveEveryMs + patienceMs;
    while (waiting.size > 0 && performance.now() < endAtMs) {
      const now = new Set(await readLeases());
      for (const id of waiting) {
        const leftMs = leftAtMs.get(id);
        if (now.has(id) || leftMs === undefined) continue;
        waiting.delete(id);
        releasesMs.push(performance.now() - leftMs);
      }
      await sleep(pollMs);
    }
    isOver = true;
  }

  const watching = watch();
  for (const { id, leave } of streams) {
    leftAtMs.set(id, performance.now());
    leave();
    await sleep(leaveEveryMs);
  }
  await watching;
  if (!isOver) throw new Error('The leases were not watched to the end.');
  const leasesLeft = (await readLeases()).length;
  const figure = (share: number) => Math.round(percentile(releasesMs, share));
  return { clients, leasesLeft, releaseMs: { p50: figure(0.5), p99: figure(0.99), max: figure(1) } };
}

async function openStream({ gateways, apiKey }: Omit<DisconnectOptions, 'clients'>, at: number) {
  const leaving = new AbortController();
  const body = { model: 'm', max_tokens: 50, stream: true, messages: [{ role: 'user', content: 'hi' }] };
  const answer = await request(`${gateways[at % gateways.length]?.url ?? ''}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: leaving.signal,
  });
  if (answer.statusCode !== 200) throw new Error(`A stream got ${answer.statusCode}: ${await answer.body.text()}`);
  answer.body.on('error', () => {});
  answer.body.resume();
  return {
    id: String(answer.headers['request-id']),
    leave: () => {
      leaving.abort();
    },
  };
}
