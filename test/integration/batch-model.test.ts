import { fileResults, readBatch, resultLine } from '@ccg/batches';
import type { Batch, Claimed, Completed, ItemOutcome } from '@ccg/batches';
import { assertNever } from '@ccg/kernel';
import { createScript } from '@ccg/store';
import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimMs, openBatchRig, requestsOf, retentionMs } from './support/batch-rig.ts';
import type { BatchRig } from './support/batch-rig.ts';

let rig: BatchRig;

// What an item settles is counted, so that the test sees how often.
const settle = createScript("if KEYS[1] then redis.call('HINCRBY', KEYS[1], ARGV[1], 1) end");

beforeEach(async () => {
  rig = await openBatchRig({ settle });
});

afterEach(async () => {
  await rig.close();
});

const dayMs = 24 * 60 * 60 * 1000;
/** For so long whoever has completed an item may repeat that. */
const tokenKeptMs = 5 * 60_000;

type Command =
  | { readonly kind: 'create'; readonly total: number }
  | { readonly kind: 'claim' | 'renew' | 'release'; readonly index: number; readonly token: string }
  | { readonly kind: 'complete'; readonly index: number; readonly token: string; readonly outcome: ItemOutcome }
  | { readonly kind: 'cancel' | 'touch' | 'file' | 'fileFull' | 'archive' | 'remove' | 'undone' | 'sweep' }
  | { readonly kind: 'wait'; readonly ms: number };

type Step = Exclude<Command, { kind: 'create' | 'wait' }>;

const index = fc.nat({ max: 10 });
const token = fc.constantFrom('one', 'two');
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('create' as const), total: fc.integer({ min: 1, max: 11 }) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('claim', 'renew', 'release'), index, token }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('complete' as const),
      index,
      token,
      outcome: fc.constantFrom('succeeded', 'errored'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('cancel', 'touch', 'file', 'fileFull', 'archive', 'remove', 'undone', 'sweep'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(1, claimMs - 1, claimMs, tokenKeptMs, dayMs, retentionMs),
    }),
  },
);

/** What a batch should be, in plain objects. A worker that dies is one of which nothing more is heard. */
function createReference(total: number, createdAtMs: number) {
  const results = new Map<number, ItemOutcome>();
  const claims = new Map<number, { token: string; lapsesAtMs: number }>();
  const completions = new Map<number, { token: string; atMs: number }>();
  const state = {
    status: 'in_progress' as Batch['status'],
    rest: undefined as Batch['rest'],
    endedAtMs: undefined as number | undefined,
    cancelInitiatedAtMs: undefined as number | undefined,
    archivedAtMs: undefined as number | undefined,
  };
  const live = (at: number, nowMs: number) => {
    const claim = claims.get(at);
    return claim !== undefined && claim.lapsesAtMs > nowMs ? claim : undefined;
  };
  const runs = (nowMs: number) => [...claims.keys()].some((at) => live(at, nowMs) !== undefined);
  const reference = {
    total,
    results,
    state,
    finishIfOver(nowMs: number): void {
      if (state.status === 'ended') return;
      const isDone = results.size === total;
      const isCanceled = state.status === 'canceling' && !runs(nowMs);
      if (!isDone && nowMs < createdAtMs + dayMs && !isCanceled) return;
      state.rest = state.status === 'canceling' ? 'canceled' : 'expired';
      state.status = 'ended';
      state.endedAtMs = nowMs;
    },
    claim(at: number, by: string, nowMs: number): Claimed {
      if (state.status !== 'in_progress') return { kind: 'over' };
      if (results.has(at)) return { kind: 'done' };
      const claim = live(at, nowMs);
      if (claim !== undefined && claim.token !== by) return { kind: 'busy', lapsesInMs: claim.lapsesAtMs - nowMs };
      claims.set(at, { token: by, lapsesAtMs: nowMs + claimMs });
      return { kind: 'claimed' };
    },
    renew(at: number, by: string, nowMs: number): boolean {
      const claim = live(at, nowMs);
      if (state.status === 'ended' || results.has(at) || (claim !== undefined && claim.token !== by)) return false;
      claims.set(at, { token: by, lapsesAtMs: nowMs + claimMs });
      return true;
    },
    release(at: number, by: string, nowMs: number): void {
      if (claims.get(at)?.token === by) claims.delete(at);
      reference.finishIfOver(nowMs);
    },
    complete(at: number, by: string, outcome: ItemOutcome, nowMs: number): Completed['kind'] {
      if (state.archivedAtMs !== undefined) return 'over';
      const earlier = completions.get(at);
      if (earlier !== undefined) {
        return earlier.token === by && nowMs < earlier.atMs + tokenKeptMs ? 'completed' : 'lost';
      }
      if (state.status === 'ended') return 'over';
      results.set(at, outcome);
      completions.set(at, { token: by, atMs: nowMs });
      claims.delete(at);
      reference.finishIfOver(nowMs);
      return 'completed';
    },
    cancel(nowMs: number): void {
      if (state.status !== 'in_progress') return;
      state.status = 'canceling';
      state.cancelInitiatedAtMs = nowMs;
      reference.finishIfOver(nowMs);
    },
    archive(nowMs: number): boolean {
      if (state.status !== 'ended' || state.archivedAtMs !== undefined) return false;
      if (nowMs < createdAtMs + retentionMs) return false;
      state.archivedAtMs = nowMs;
      return true;
    },
    idle: (nowMs: number) =>
      Array.from({ length: total }, (_, at) => at).filter((at) => !results.has(at) && live(at, nowMs) === undefined),
    counts() {
      const of = (outcome: ItemOutcome) => [...results.values()].filter((one) => one === outcome).length;
      const rest = { canceled: 0, expired: 0 };
      if (state.rest !== undefined) rest[state.rest] = total - results.size;
      return { succeeded: of('succeeded'), errored: of('errored'), ...rest };
    },
  };
  return reference;
}

type Reference = ReturnType<typeof createReference>;

const lineOf = (at: number, outcome: ItemOutcome) => resultLine(`item-${at}`, JSON.stringify({ type: outcome, at }));

/** Runs one command on the batch and on its reference, and holds the answers against each other. */
async function run(one: Step, batch: Batch, reference: Reference): Promise<'kept' | 'removed'> {
  const { transitions, clock, store, files } = rig;
  const { record } = batch;
  const nowMs = clock.now();
  const settled = `${store.redisKeys.batches.record(record.tenant, record.id)}:settled`;
  if (one.kind !== 'file' && one.kind !== 'fileFull') reference.finishIfOver(nowMs);
  // A batch has fewer items than there are indexes.
  const at = 'index' in one ? one.index % reference.total : 0;
  switch (one.kind) {
    case 'claim':
      expect(await transitions.claim({ ...record, index: at, token: one.token })).toEqual(
        reference.claim(at, one.token, nowMs),
      );
      break;
    case 'renew':
      expect(await transitions.renew({ ...record, index: at, token: one.token })).toBe(
        reference.renew(at, one.token, nowMs),
      );
      break;
    case 'release':
      await transitions.release({ ...record, index: at, token: one.token });
      reference.release(at, one.token, nowMs);
      break;
    case 'complete': {
      const result = {
        outcome: one.outcome,
        line: lineOf(at, one.outcome),
        settlement: { keys: [settled], args: [at] },
      };
      const completed = await transitions.complete({ ...record, index: at, token: one.token }, result);
      expect(completed.kind).toBe(reference.complete(at, one.token, one.outcome, nowMs));
      break;
    }
    case 'cancel':
      expect(await transitions.cancel(record)).toBe(true);
      reference.cancel(nowMs);
      break;
    case 'file':
    case 'fileFull':
      await fileResults({ store, files, transitions, randomBytes }, record, one.kind === 'fileFull');
      break;
    case 'archive':
      expect(await transitions.archive(record)).toBe(reference.archive(nowMs));
      break;
    case 'undone':
      if (reference.state.archivedAtMs === undefined) {
        const { indexes } = await transitions.undone(record, 0, 100, true);
        if (reference.state.status !== 'ended') expect(indexes).toEqual(reference.idle(nowMs));
      }
      break;
    case 'remove':
      expect(await transitions.remove(record)).toBe(reference.state.status === 'ended' ? 'deleted' : 'running');
      return reference.state.status === 'ended' ? 'removed' : 'kept';
    case 'touch':
      await transitions.touch(record);
      break;
    case 'sweep':
      await rig.sweep();
      reference.archive(nowMs);
      break;
    default:
      return assertNever(one);
  }
  return 'kept';
}

async function compare(batch: Batch, reference: Reference): Promise<void> {
  const { store } = rig;
  const found = await readBatch(store, batch.record);
  const { rest, ...state } = reference.state;
  expect(found).toMatchObject({ ...state, counts: reference.counts() });
  if (found === undefined || state.status !== 'ended' || state.archivedAtMs !== undefined) return;
  const expected = Array.from({ length: reference.total }, (_, at) => {
    const outcome = reference.results.get(at);
    return outcome === undefined ? resultLine(`item-${at}`, JSON.stringify({ type: rest })) : lineOf(at, outcome);
  });
  const lines = (await rig.results(found)).map((line) => JSON.stringify(line));
  expect(lines.toSorted()).toEqual(expected.toSorted());
}

test('property: create, run, cancel, expire, archive, delete and crashes in any order give each item one result and one settlement', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 30 }), async (commands) => {
      let current: { batch: Batch; reference: Reference } | undefined;
      for (const one of commands) {
        if (one.kind === 'wait') rig.clock.advance(one.ms);
        else if (one.kind === 'create' || current === undefined) {
          const total = one.kind === 'create' ? one.total : 5;
          const batch = await rig.create({ body: requestsOf(total) });
          current = { batch, reference: createReference(total, rig.clock.now()) };
        } else if ((await run(one, current.batch, current.reference)) === 'removed') {
          const { record } = current.batch;
          expect(await readBatch(rig.store, record)).toBeUndefined();
          const result = { outcome: 'succeeded', line: '{}' } as const;
          const late = await rig.transitions.complete({ ...record, index: 0, token: 'one' }, result);
          expect(late).toEqual({ kind: 'gone' });
          current = undefined;
        } else await compare(current.batch, current.reference);
      }
      if (current === undefined) return;
      const { batches } = rig.store.redisKeys;
      const settled = await rig.store.command('hgetall', [
        `${batches.record('acme', current.batch.record.id)}:settled`,
      ]);
      const counts = Object.values(Object(settled)).flat().map(String);
      const times = Array.isArray(settled) ? counts.filter((_, at) => at % 2 === 1) : counts;
      expect(times).toEqual(Array.from(current.reference.results, () => '1'));
    }),
    { numRuns: 60 },
  );
}, 120_000);
