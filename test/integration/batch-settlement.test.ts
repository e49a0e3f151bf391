import { randomBytes, randomUUID } from 'node:crypto';
import { settleScript, sweepReservations } from '@ccg/admission';
import type { HandedOver } from '@ccg/admission';
import { createBatch, createRedisFiles, createTransitions, resultLine } from '@ccg/batches';
import type { ItemClaim } from '@ccg/batches';
import { assertNever, systemClock } from '@ccg/kernel';
import { createManualClock } from '@ccg/testkit';
import fc from 'fast-check';
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

async function newBatch(total = 1) {
  const { store } = rig;
  const transitions = createTransitions({ store, clock: systemClock, settle: settleScript });
  const files = createRedisFiles(store);
  async function* body() {
    yield Buffer.from(JSON.stringify(requestsOf(total)));
  }
  const deps = { store, files, clock: systemClock, randomBytes, createHash: createSha256, retentionMs };
  const principal = principalOf(rig.tenant());
  const { record } = await createBatch(deps, { principal, prefix: undefined, idempotencyKey: undefined, body: body() });
  const complete = (claim: Pick<ItemClaim, 'index' | 'token'>, ended: HandedOver) => {
    const result = { outcome: 'succeeded', line: resultLine(`item-${claim.index}`, '{}') } as const;
    return transitions.complete({ ...record, ...claim }, { ...result, settlement: ended.settlement() });
  };
  return { complete };
}

/** One run of an item: it is admitted, uses 5,000 micro-dollars, and has its settlement in its hands. */
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

test('an item is settled by its completion alone, and the run that loses gives back what it had reserved', async () => {
  const { complete } = await newBatch();
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
  expect((await complete({ index: 0, token: 'one' }, winner)).kind).toBe('completed');
  expect((await complete({ index: 0, token: 'two' }, loser)).kind).toBe('lost');
  await loser.release();
  expect(await counted()).toEqual({ requestsLeft: [9], microDollars: [5000], leases: [], records: ['first'] });
});

test('a completion whose reply was lost is told as made when it is sent again, and settles nothing more', async () => {
  const { complete } = await newBatch();
  const ended = await (await run('first'))();
  const claim = { index: 0, token: 'one' };
  const completed = await complete(claim, ended);
  expect(completed).toMatchObject({ kind: 'completed', status: 'ended', waiting: 1, settled: 1 });
  const once = await counted();
  expect(await complete(claim, ended)).toEqual({ ...completed, settled: undefined });
  // Whoever gave up before the reply came releases what it had.
  await ended.release();
  expect(await counted()).toEqual(once);
});

test('a completion that Redis carries out after its run was given up is charged all the same, once', async () => {
  const { complete } = await newBatch();
  const ended = await (await run('first'))();
  await ended.release();
  expect(await counted()).toEqual({ requestsLeft: [10], microDollars: [0], leases: [], records: [] });
  expect((await complete({ index: 0, token: 'one' }, ended)).kind).toBe('completed');
  expect(await counted()).toEqual({ requestsLeft: [9], microDollars: [5000], leases: [], records: ['first'] });
});

test('an item is charged although Redis has lost its reservation', async () => {
  const { complete } = await newBatch();
  const ended = await (await run('first'))();
  const counters = Object.keys(await rig.reservationOf('first')).flatMap(
    (field) => /^(?:rate|budget):(.+)$/u.exec(field)?.[1] ?? [],
  );
  expect(counters).toHaveLength(2);
  for (const redisKey of [...counters, rig.store.redisKeys.reservation(rig.tenant(), 'first')]) {
    await rig.read('DEL', redisKey);
  }
  expect((await complete({ index: 0, token: 'one' }, ended)).kind).toBe('completed');
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

test('a request that waits for the place of an item has it as soon as the item is completed', async () => {
  const { complete } = await newBatch();
  const cap = { ...concurrency(1), maxWaitMs: 60_000, maxWaiting: 10 };
  const handed = Promise.withResolvers<HandedOver>();
  const worker = rig.openAdmission();
  const item = await rig.ask({ requestId: 'item', limits: [cap], handOver: handed.resolve }, worker);
  if (item.kind !== 'admitted') throw new Error('The item was not admitted.');
  await item.reservation.settle(used());
  const ended = await handed.promise;
  // Time stands still for whoever waits, so that it never looks by itself.
  const name = randomUUID();
  const replica = rig.openAdmission({ clock: createManualClock(), replica: name });
  await rig.store.subscribe(rig.store.redisKeys.grants(name), () => {}).active;
  const began = Promise.withResolvers<void>();
  const signal = new AbortController().signal;
  const waiting = { caller: 'ada', weight: 1, bytes: 1, signal, began: began.resolve };
  const decision = rig.ask({ limits: [cap], waiting }, replica);
  await began.promise;
  const waitedFor = rig.store.redisKeys.waitedFor(rig.tenant());
  await expect.poll(() => rig.read('HLEN', waitedFor), { timeout: 10_000 }).toBe(1);
  const completed = await complete({ index: 0, token: 'one' }, ended);
  expect(completed).toMatchObject({ kind: 'completed', settled: 3 });
  ended.settled(completed.kind === 'completed' ? completed.settled : undefined);
  expect((await decision).kind).toBe('admitted');
});

type Command =
  | { readonly kind: 'begin' | 'end' | 'die' | 'complete' | 'release'; readonly at: number; readonly index: number }
  | { readonly kind: 'sweep' };

interface Run {
  readonly index: number;
  readonly token: string;
  end: (() => Promise<HandedOver>) | undefined;
  ended: HandedOver | undefined;
}

const step = fc.record({
  kind: fc.constantFrom('begin', 'begin', 'end', 'die', 'complete', 'complete', 'release'),
  at: fc.nat({ max: 5 }),
  index: fc.nat({ max: 1 }),
});
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 9, arbitrary: step },
  { weight: 1, arbitrary: fc.constant({ kind: 'sweep' as const }) },
);

test('property: whatever runs, dies, is completed twice or too late, limits count each result once, and nothing else', async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 3, maxLength: 25 }), async (commands) => {
      rig.changeTenant();
      const { complete } = await newBatch(2);
      // Nobody renews, so that what died and what runs lapses in the same way.
      const admission = rig.openAdmission({ clock: createManualClock(), leaseTtlMs: 50 });
      const begun: Run[] = [];
      const results = new Map<number, string>();
      const sweep = () => sweepReservations(rig.store, rig.tenant(), { usageRecordsMax: 1000 });
      for (const one of commands) {
        if (one.kind === 'sweep') {
          await sweep();
          continue;
        }
        if (one.kind === 'begin') {
          if (begun.length === 6) continue;
          const token = `run-${(runs += 1)}`;
          begun.push({ index: one.index, token, end: await run(token, admission), ended: undefined });
          continue;
        }
        const current = begun[one.at % Math.max(1, begun.length)];
        if (current === undefined) continue;
        switch (one.kind) {
          case 'end':
            current.ended ??= await current.end?.();
            break;
          case 'die':
            current.end = undefined;
            current.ended = undefined;
            break;
          case 'complete': {
            if (current.ended === undefined) break;
            const { kind } = await complete(current, current.ended);
            if (!results.has(current.index)) results.set(current.index, current.token);
            expect(kind).toBe(results.get(current.index) === current.token ? 'completed' : 'lost');
            break;
          }
          case 'release':
            await current.ended?.release();
            break;
          default:
            assertNever(one.kind);
        }
      }
      // The end of all that still runs is that its process dies.
      await expect
        .poll(async () => ((await rig.running()) as readonly unknown[]).length + (await sweep()), { timeout: 10_000 })
        .toBe(0);
      const { records, ...counts } = await counted();
      expect(counts).toEqual({
        requestsLeft: [10 - results.size],
        microDollars: [5000 * results.size],
        leases: [],
      });
      expect(new Set(records)).toEqual(new Set(results.values()));
      expect(records).toHaveLength(results.size);
    }),
    { numRuns: 20 },
  );
}, 120_000);
