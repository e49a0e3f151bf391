import type { Clock } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { LimitRefusal } from './limit-refusal.ts';
import { createPendingRefusals } from './pending-refusals.ts';
import type { PendingRefusals, RefusalBatch } from './pending-refusals.ts';
import { writeRefusals } from './write-refusals.ts';

export interface RefusalLogOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Tells this process from all others, so that a write whose reply was lost counts once. No braces. */
  readonly writer: string;
  /** Called for each refusal that is told to nobody, because too many wait to be written. */
  readonly onDropped?: (() => void) | undefined;
  /** Called when Redis rejects a write: a fault of ours, for the log. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

/** Remembers what limits refuse, so that somebody can say why. */
export interface RefusalLog {
  /** Never throws and never waits. It is written within about a second, while Redis can be reached. */
  note(refusal: LimitRefusal & { readonly tenant: string }): void;
  /** Writes what waits, for the end of a process. Resolves after one try, and never rejects. */
  flush(): Promise<void>;
}

const writeIntervalMs = 1000;
const tenantsMax = 1000;
/** Rows and refusals; some 10 MB. */
const keptMax = 20_000;

interface Waiting {
  readonly sequence: number;
  readonly batch: RefusalBatch;
}

/** The memory of one process for refusals: it has a bound, however many requests are refused and however long Redis is away. */
export function createRefusalLog(options: RefusalLogOptions): RefusalLog {
  const { clock, onDropped } = options;
  const pending = new Map<string, { readonly refusals: PendingRefusals; kept: number }>();
  const waiting = new Map<string, Waiting[]>();
  let sequence = 0;
  /** Rows and refusals: while they are pending a refusal counts in each ring that has it. */
  let keptCount = 0;
  let isScheduled = false;
  let writing: Promise<void> | undefined;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    clock.schedule(writeIntervalMs, () => {
      isScheduled = false;
      void write().then(() => {
        if (pending.size + waiting.size > 0) schedule();
      });
    });
  }

  function write(): Promise<void> {
    writing ??= writeAll().finally(() => {
      writing = undefined;
    });
    return writing;
  }

  /** What is new waits in its bounded form until what was taken before is written. */
  async function writeAll(): Promise<void> {
    for (const [tenant, { refusals, kept }] of pending) {
      if (waiting.has(tenant)) continue;
      pending.delete(tenant);
      const batches = refusals.batches();
      keptCount += sizeOf(batches) - kept;
      waiting.set(
        tenant,
        batches.map((batch) => ({ sequence: (sequence += 1), batch })),
      );
    }
    keptCount -= await writeInOrder(waiting, options);
  }

  return {
    note({ tenant, ...refusal }) {
      const found = pending.get(tenant);
      if (found === undefined && pending.size >= tenantsMax) {
        onDropped?.();
        return;
      }
      const fresh = found ?? { refusals: createPendingRefusals(), kept: 0 };
      pending.set(tenant, fresh);
      const grown = fresh.refusals.add(refusal, keptCount < keptMax);
      fresh.kept += grown;
      keptCount += grown;
      schedule();
    },
    async flush() {
      await writing;
      await write();
    },
  };
}

/** Writes what waits, until Redis does not take one, and gives the size of what is gone. */
async function writeInOrder(waiting: Map<string, Waiting[]>, options: RefusalLogOptions): Promise<number> {
  let written = 0;
  for (const [tenant, batches] of waiting) {
    for (let [next] = batches; next !== undefined; [next] = batches) {
      if (!(await attempt(tenant, next, options))) return written;
      batches.shift();
      written += sizeOf([next.batch]);
    }
    waiting.delete(tenant);
  }
  return written;
}

/** False where it is worth another try. */
async function attempt(tenant: string, next: Waiting, { onFault, ...where }: RefusalLogOptions): Promise<boolean> {
  try {
    await writeRefusals(where, tenant, next);
    return true;
  } catch (error) {
    if (error instanceof StoreUnavailableError) return false;
    onFault?.(error);
    return true;
  }
}

function sizeOf(batches: readonly RefusalBatch[]): number {
  let size = 0;
  for (const { entries, counts } of batches) {
    size += entries.length;
    for (const { rows } of counts) size += rows.size;
  }
  return size;
}
