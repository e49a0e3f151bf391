import { settleScript } from '@ccg/admission';
import type { HandedOver } from '@ccg/admission';
import { createBatch, createRedisFiles, createTransitions, resultLine } from '@ccg/batches';
import { systemClock } from '@ccg/kernel';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { budget, concurrency, openAdmissionRig, rate, used } from './support/admission-rig.ts';
import type { AdmissionRig } from './support/admission-rig.ts';
import { createSha256, principalOf, requestsOf, retentionMs } from './support/batch-rig.ts';

let rig: AdmissionRig;
beforeEach(async () => {
  rig = await openAdmissionRig();
});
afterEach(async () => {
  await rig.close();
});

const limits = [concurrency(10), rate({ capacity: 10 }), budget()] as const;
const [, requests, dollar] = limits;

/** What the limits count, and the ids of the usage records. */
async function counted() {
  const decision = await rig.ask({
    limits: [requests, dollar].map((limit) => ({ ...limit, cost: 0, costMicroDollars: 0 })),
  });
  const states = decision.kind === 'admitted' ? decision.states : [];
  if (decision.kind === 'admitted') await decision.reservation.settle(used());
  return {
    requestsLeft: states.flatMap((state) => ('remaining' in state ? [state.remaining] : [])),
    microDollars: states.flatMap((state) => ('usedMicroDollars' in state ? [state.usedMicroDollars] : [])),
    leases: await rig.leases(),
    records: (await rig.records()).map(([, record]) => record).filter((record) => record !== ''),
  };
}

async function newItem() {
  const { store } = rig;
  const transitions = createTransitions({ store, clock: systemClock, settle: settleScript });
  const files = createRedisFiles(store);
  async function* body() {
    yield Buffer.from(JSON.stringify(requestsOf(1)));
  }
  const deps = { store, files, clock: systemClock, randomBytes, createHash: createSha256, retentionMs };
  const principal = principalOf(rig.tenant());
  const { record } = await createBatch(deps, { principal, prefix: undefined, idempotencyKey: undefined, body: body() });
  return { transitions, item: { ...record, index: 0 } };
}

/** One run of the item: it is admitted, uses 5,000 micro-dollars, and has its settlement in its hands. */
async function run(requestId: string, by = rig.openAdmission()): Promise<() => Promise<HandedOver>> {
  const handed = Promise.withResolvers<HandedOver>();
  const decision = await rig.ask({ requestId, limits, record: 'running', handOver: handed.resolve }, by);
  if (decision.kind !== 'admitted') throw new Error('The item was not admitted.');
  decision.reservation.watch(() => ({ ...used([dollar, 4000]), record: 'half' }));
  return async () => {
    await decision.reservation.settle({ ...used([dollar, 5000]), record: requestId });
    return await handed.promise;
  };
}

const line = resultLine('item-0', '{}');

test('an item is settled by its completion alone, and the run that loses gives back what it had reserved', async () => {
  const { transitions, item } = await newItem();
  const [first, second] = [await run('first'), await run('second')];
  const reserved = await counted();
  expect(reserved).toMatchObject({
    requestsLeft: [8],
    microDollars: [20_000],
    leases: ['first', 'second'],
    records: [],
  });
  const [winner, loser] = [await first(), await second()];
  // Nothing of it is settled yet.
  expect(await counted()).toEqual(reserved);
  const complete = ({ settlement }: HandedOver) =>
    transitions.complete(item, { outcome: 'succeeded', line, settlement });
  expect((await complete(winner)).kind).toBe('completed');
  expect((await complete(winner)).kind).toBe('lost');
  expect((await complete(loser)).kind).toBe('lost');
  await loser.release();
  expect(await counted()).toEqual({ requestsLeft: [9], microDollars: [5000], leases: [], records: ['first'] });
});

test('a run whose process dies charges nothing, whatever it had told of its use', async () => {
  const store = await rig.openStore();
  await run('dead', rig.openAdmission({ store, leaseTtlMs: 500 }));
  await store.close();
  await expect
    .poll(
      async () => {
        // Whoever serves the tenant sweeps it.
        await rig.admitted([], undefined, rig.openAdmission({ sweepIntervalMs: 50 }));
        return await counted();
      },
      { timeout: 20_000, interval: 200 },
    )
    .toEqual({ requestsLeft: [10], microDollars: [0], leases: [], records: [] });
});
