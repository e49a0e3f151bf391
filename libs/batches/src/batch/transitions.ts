import { createScript, loadScript } from '@ccg/store';
import type { Script, Store } from '@ccg/store';
import type { Clock } from '@ccg/kernel';
import type { AuditLine } from '@ccg/tenancy';
import { statusOf } from './batch-record.ts';
import type { BatchPlace, BatchRecord, BatchStatus, ItemOutcome } from './batch-record.ts';

const source = loadScript(new URL('./batch.lua', import.meta.url)).source;

/** One item of a batch; the token tells one claim of it from another. */
export interface ItemClaim extends BatchPlace {
  readonly index: number;
  readonly token: string;
}

export type Claimed =
  /** It may run, until the claim lapses. */
  | { readonly kind: 'claimed' }
  /** It is claimed, but its result would have no room: it may end with an error. */
  | { readonly kind: 'full' }
  /** It has its result. */
  | { readonly kind: 'done' }
  /** It runs elsewhere. */
  | { readonly kind: 'busy'; readonly lapsesInMs: number }
  /** Results wait to be written into files: try again when they are. */
  | { readonly kind: 'behind' }
  /** The batch takes no more. */
  | { readonly kind: 'over' | 'gone' };

export type Completed =
  | {
      readonly kind: 'completed';
      readonly status: BatchStatus;
      /** The results that wait to be written into a file. */
      readonly waiting: number;
      readonly waitingBytes: number;
      /** What the script of the settlement has returned. Undefined where there was none, or an earlier try was made unseen. */
      readonly settled: number | undefined;
    }
  /** `lost`: the item had the result of another run. `over`, `gone`: the batch ended without it. Nothing was settled. */
  | { readonly kind: 'lost' | 'over' | 'gone' };

/** What is settled together with the completion of an item: the redis keys, of its tenant, and the arguments of the script. */
export interface ItemSettlement {
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

export interface ItemResult {
  readonly outcome: ItemOutcome;
  /** The line of the results file, without its end. */
  readonly line: string;
  readonly settlement?: ItemSettlement | undefined;
}

/** A piece of the list of items without a result. */
export interface UndoneItems {
  readonly indexes: readonly number[];
  /** Where the next piece begins; undefined after the last one. */
  readonly next: number | undefined;
}

export interface TransitionOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Milliseconds until a claim lapses that is not renewed. */
  readonly claimMs?: number;
  /** How many bytes of results of one batch may wait in Redis to be written into a file. */
  readonly waitingMaxBytes?: number;
  /** The script that settles an item. Nothing is settled without one. */
  readonly settle?: Script;
}

/** The steps of a batch. Each is one script, so that of several at once all see one state; all may be repeated. */
export interface Transitions {
  claim(item: ItemClaim): Promise<Claimed>;
  /** False where the item should not go on: it has a result, its batch has ended, or it runs elsewhere. */
  renew(item: ItemClaim): Promise<boolean>;
  release(item: ItemClaim): Promise<void>;
  /** Completes an item, whoever has claimed it. Repeated with the same token, it says again that it was completed. */
  complete(item: ItemClaim, result: ItemResult): Promise<Completed>;
  /** False where there is no such batch. One that has ended stays as it is. The line is logged by the first call alone. */
  cancel(place: BatchPlace, line?: AuditLine): Promise<boolean>;
  /** Ends what is over: expired, or canceled and without a running item. */
  touch(place: BatchPlace): Promise<void>;
  /** Gives items that have no result from an index on; `idle` leaves out those that run. */
  undone(place: BatchPlace, from: number, wanted: number, idle: boolean): Promise<UndoneItems>;
  /** Takes results off the list because they are in a file; false where they are in another. */
  filed(place: BatchPlace, file: ResultFile): Promise<boolean>;
  /** Forgets the results if their time is over; false where it is not. Their files are still to be removed. */
  archive(place: BatchPlace): Promise<boolean>;
  remove(record: BatchRecord): Promise<'deleted' | 'running' | 'gone'>;
}

interface ResultFile {
  readonly name: string;
  /** How many files there were when the results were read. */
  readonly after: number;
  readonly results: number;
  readonly bytes: number;
}

const stepTimeoutMs = 2000;
/** Longer than anybody repeats a completion. */
const tokenKeptMs = 5 * 60_000;

export function createTransitions(options: TransitionOptions): Transitions {
  const { store, clock, claimMs = 60_000, waitingMaxBytes = 16 * 1024 * 1024 } = options;
  // A script is a function body, whatever it returns; its KEYS and ARGV are the arguments.
  const settle = `local function settle(KEYS, ARGV)\n${options.settle?.source ?? ''}\nend\n`;
  const script = createScript(settle + source);

  async function run(
    place: BatchPlace,
    step: string,
    args: readonly (string | number)[] = [],
    keys: readonly string[] = [],
  ): Promise<readonly string[]> {
    const { id } = place;
    const all = [...keysOf(store, place), ...keys];
    const reply = await store.run(script, all, [step, clock.now(), id, ...args], { timeoutMs: stepTimeoutMs });
    return Array.isArray(reply) ? reply.map(String) : [];
  }

  return {
    async claim(item) {
      const [kind = 'gone', ms] = await run(item, 'claim', [item.index, item.token, claimMs, waitingMaxBytes]);
      return kind === 'busy' ? { kind, lapsesInMs: Number(ms) } : { kind: kind as Exclude<Claimed['kind'], 'busy'> };
    },
    renew: async (item) => (await run(item, 'renew', [item.index, item.token, claimMs]))[0] === 'renewed',
    async release(item) {
      await run(item, 'release', [item.index, item.token]);
    },
    async complete(item, { outcome, line, settlement = { keys: [], args: [] } }) {
      const args = [item.index, item.token, tokenKeptMs, outcome, line, ...settlement.args];
      const [kind = 'gone', status, waiting, bytes, settled] = await run(item, 'complete', args, settlement.keys);
      if (kind !== 'completed') return { kind: kind as Exclude<Completed['kind'], 'completed'> };
      return {
        kind,
        status: statusOf(status),
        waiting: Number(waiting),
        waitingBytes: Number(bytes),
        settled: settled === undefined ? undefined : Number(settled),
      };
    },
    async cancel(place, line) {
      const [keys, args] = line === undefined ? [[], []] : [[line.key], [line.entry, line.maxEntries]];
      return (await run(place, 'cancel', args, keys))[0] === 'canceled';
    },
    async touch(place) {
      await run(place, 'touch');
    },
    async undone(place, from, wanted, idle) {
      const [kind, next, ...indexes] = await run(place, 'undone', [from, wanted, idle ? 1 : 0]);
      if (kind !== 'undone') return { indexes: [], next: undefined };
      return { indexes: indexes.map(Number), next: next === '-1' ? undefined : Number(next) };
    },
    filed: async (place, { name, after, results, bytes }) =>
      (await run(place, 'filed', [after, name, results, bytes]))[0] === 'filed',
    archive: async (place) => (await run(place, 'archive'))[0] === 'archived',
    async remove(record) {
      const { tenant, owner, onceDigest } = record;
      const { batches } = store.redisKeys;
      const once = onceDigest === undefined ? [] : [batches.once(tenant, onceDigest)];
      const keys = [batches.list(tenant), batches.listOf(tenant, owner), ...once];
      const [kind] = await run(record, 'delete', [], keys);
      return kind === 'deleted' || kind === 'running' ? kind : 'gone';
    },
  };
}

function keysOf({ redisKeys: { batches } }: Store, { tenant, id }: BatchPlace): readonly string[] {
  const ofItems = [batches.done, batches.running, batches.completions, batches.results, batches.resultFiles];
  return [
    batches.record(tenant, id),
    ...ofItems.map((name) => name(tenant, id)),
    ...[batches.active, batches.ended, batches.removals].map((name) => name(tenant)),
  ];
}
