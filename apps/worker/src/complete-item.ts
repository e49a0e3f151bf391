import type { HandedOver } from '@ccg/admission';
import { fileResults } from '@ccg/batches';
import type { BatchFiles, BatchRecord, Completed, ItemClaim, Transitions } from '@ccg/batches';
import type { Clock } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { Metrics } from '@ccg/telemetry';
import type { ItemTraces } from './item-traces.ts';
import type { Tried } from './try-item.ts';

export interface CompleteItemDependencies {
  readonly store: Store;
  readonly files: BatchFiles;
  readonly transitions: Transitions;
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, 'batchItem' | 'batchDuplicate'>;
  readonly traces: Pick<ItemTraces, 'ended'>;
  readonly randomBytes: (size: number) => Uint8Array;
  /** Aborts when a worker that stops waits no longer. */
  readonly stopping: AbortSignal;
}

interface ItemAnswer {
  /** Of its batch. */
  readonly record: BatchRecord;
  readonly tried: Extract<Tried, { kind: 'result' }>;
  /** The line of the results file. */
  readonly line: string;
  /** Unset where nothing was admitted, so that there is nothing to settle. */
  readonly handedOver: HandedOver | undefined;
}

const triesMax = 60;
const retryMs = 1000;
/** So many bytes of results are worth a file. */
const fileAtBytes = 1024 * 1024;

/**
 * Gives an item its result and settles it, in one script; or does neither where it has another result or its batch has ended.
 * Gives whether it did. Rejects where Redis did not take it for a minute: then nobody knows.
 */
export async function completeItem(
  deps: CompleteItemDependencies,
  claim: ItemClaim,
  answer: ItemAnswer,
): Promise<boolean> {
  const { metrics, traces } = deps;
  const { record, tried, handedOver } = answer;
  const completed = await complete(deps, claim, answer);
  if (completed.kind === 'lost' && tried.isAnswered) metrics.batchDuplicate();
  if (completed.kind !== 'completed') return false;
  handedOver?.settled(completed.settled);
  metrics.batchItem(claim.tenant, tried.outcome);
  traces.ended(record, claim.index, tried.outcome);
  const { status, waitingBytes } = completed;
  // What cannot be filed now is filed by the sweep.
  if (status === 'ended' || waitingBytes >= fileAtBytes) {
    await fileResults(deps, claim, status !== 'ended').catch(() => {});
  }
  return true;
}

/** A result was paid for, so it is offered until Redis takes it, for a minute at least. */
async function complete(
  { transitions, clock, stopping }: CompleteItemDependencies,
  claim: ItemClaim,
  { tried: { outcome }, line, handedOver }: ItemAnswer,
): Promise<Completed> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await transitions.complete(claim, { outcome, line, settlement: handedOver?.settlement() });
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || tries === triesMax || stopping.aborted) throw error;
      await new Promise<void>((resolve) => {
        clock.schedule(retryMs, resolve);
      });
    }
  }
}
