import { randomBytes, randomInt } from 'node:crypto';
import { Secret, systemClock } from '@ccg/kernel';
import { connectStore, createScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { createApiKey, createApiKeyVerifier, ensureTenant, hashApiKey, listApiKeys, systemActor } from '@ccg/tenancy';
import type { PageRequest, TenancyDependencies } from '@ccg/tenancy';
import { doneValue, startTestRedis } from '@ccg/testkit';
import { judged, percentile, refuseArguments } from './percentiles.ts';

/* Prints what an API key costs in a store of 1,000 and in one of 100,000, side by side. */

const sizes = [1000, 100_000] as const;
const atOnce = 200;
const verifications = 5000;
const pages = 500;
const tenant = 'team';
const root = systemActor('bench');
const peppers = { current: new Secret('p'.repeat(32)), previous: [] };

interface Rig {
  readonly size: number;
  readonly deps: TenancyDependencies;
  readonly apiKeys: readonly Secret[];
  readonly ids: readonly string[];
}

refuseArguments();
const redis = await startTestRedis(process.env);
const stores: Store[] = [];
const rigs = await Promise.all(sizes.map((size) => createRig(size)));
process.stdout.write('ready\n');

const verified = await inTurn(verifications, verifyOne);
const first = await inTurn(pages, (rig) => timePage(rig, {}));
const cursors = await Promise.all(rigs.map(lastCursor));
const last = await inTurn(pages, (rig) => timePage(rig, { cursor: cursors[rigs.indexOf(rig)] }));

for (const [at, { size }] of rigs.entries()) {
  const [p50, p99] = [0.5, 0.99].map((share) => percentile(verified[at] ?? [], share).toFixed(3));
  process.stdout.write(`verification in Redis, ${size} API keys: p50 ${p50} ms, p99 ${p99} ms\n`);
}
for (const share of [0.5, 0.99]) {
  process.stdout.write(judged(`ratio of the p${share * 100}`, ratio(verified, share), 1.2));
}
const [, manyFirst = []] = first;
const [, manyLast = []] = last;
const lastToFirst = percentile(manyLast, 0.5) / percentile(manyFirst, 0.5);
process.stdout.write(judged('last page to first page of 100,000', lastToFirst, 1.5));
for (const rig of rigs) process.stdout.write(`bytes of an API key, of ${rig.size}: ${await bytesOf(rig)}\n`);

for (const store of stores) await store.close();
await redis.stop();

async function createRig(size: number): Promise<Rig> {
  const store = connectStore({ url: redis.url, keyPrefix: `bench-keys:${size}:`, commandTimeoutMs: 30_000 });
  stores.push(store);
  await store.whenReady(10_000);
  const deps = { store, peppers, clock: systemClock, randomBytes };
  await ensureTenant(deps, { id: tenant, name: 'A team', allowlist: { models: ['*'] } });
  const apiKeys: Secret[] = [];
  const ids: string[] = [];
  while (apiKeys.length < size) {
    const some = Math.min(atOnce, size - apiKeys.length);
    const made = await Promise.all(
      Array.from({ length: some }, async () => doneValue(await createApiKey(deps, root, { tenant, name: 'bench' }))),
    );
    apiKeys.push(...made.map(({ apiKey }) => apiKey));
    ids.push(...made.map(({ record }) => record.id));
  }
  return { size, deps, apiKeys, ids };
}

/** The same number of times for each rig, one after the other, so that a busy moment hits all of them. */
async function inTurn(times: number, measure: (rig: Rig) => Promise<number>): Promise<readonly number[][]> {
  const timesMs: number[][] = rigs.map(() => []);
  for (let at = 0; at < times; at += 1) {
    for (const [place, rig] of rigs.entries()) timesMs[place]?.push(await measure(rig));
  }
  return timesMs;
}

/** With a verifier that remembers nothing, so that Redis is asked. */
async function verifyOne({ deps, apiKeys, size }: Rig): Promise<number> {
  const bounds = { cacheMs: 0, staleMs: 0, maxEntries: 1 };
  const verifier = createApiKeyVerifier({ ...deps, defaults: { limits: [], contact: '' }, ...bounds });
  const apiKey = apiKeys[randomInt(size)];
  if (apiKey === undefined) throw new Error('There is no such API key.');
  const startedAt = performance.now();
  const { kind } = await verifier.verify(apiKey);
  const elapsedMs = performance.now() - startedAt;
  verifier.close();
  if (kind !== 'verified') throw new Error(`An API key is ${kind}.`);
  return elapsedMs;
}

async function timePage({ deps }: Rig, request: PageRequest): Promise<number> {
  const startedAt = performance.now();
  const { items } = doneValue(await listApiKeys(deps, root, { tenant, ...request }));
  if (items.length !== 50) throw new Error(`A page has ${items.length} API keys.`);
  return performance.now() - startedAt;
}

/** The cursor of the last whole page. */
async function lastCursor({ deps }: Rig): Promise<string | undefined> {
  let cursor: string | undefined;
  for (let before: string | undefined; ; before = cursor) {
    const page = doneValue(await listApiKeys(deps, root, { tenant, limit: 50, cursor }));
    if (page.nextCursor === undefined) return before;
    cursor = page.nextCursor;
  }
}

/** Record, index entry and place in the list. */
async function bytesOf({ deps: { store }, apiKeys, ids, size }: Rig): Promise<number> {
  const usage = createScript("return redis.call('MEMORY', 'USAGE', KEYS[1])");
  const weigh = async (key: string) => Number(await store.run(usage, [key], []));
  const [apiKey, id] = [apiKeys[0], ids[0]];
  if (apiKey === undefined || id === undefined) return 0;
  const { redisKeys } = store;
  const own = await weigh(redisKeys.apiKey(tenant, id));
  const index = await weigh(redisKeys.apiKeyIndex(hashApiKey(peppers.current, apiKey)));
  return Math.round(own + index + (await weigh(redisKeys.apiKeyList(tenant))) / size);
}

function ratio([few = [], many = []]: readonly number[][], share: number): number {
  return percentile(many, share) / percentile(few, share);
}
