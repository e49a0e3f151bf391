import type { HandedOver } from '@ccg/admission';
import { BatchFilesError, fileResults, noteWait, readBatch, resultLine } from '@ccg/batches';
import type { ItemClaim, ItemReader } from '@ccg/batches';
import { randomId } from '@ccg/edge';
import { assertNever } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import { noteItemTry } from '@ccg/usage';
import type { EncodableRecord, TryFate } from '@ccg/usage';
import { completeItem } from './complete-item.ts';
import type { CompleteItemDependencies } from './complete-item.ts';
import { later, laterAfterFailure, over } from './item.ts';
import type { ItemPointer, ItemRun } from './item.ts';
import type { ItemWait } from './item-wait.ts';
import { keepClaim } from './keep-claim.ts';
import { noRoom, tryItem } from './try-item.ts';
import type { TryItemDependencies } from './try-item.ts';

export interface RunItemDependencies extends TryItemDependencies, Omit<CompleteItemDependencies, 'metrics' | 'traces'> {
  readonly items: ItemReader;
  /** How long a claim holds that is not renewed. */
  readonly claimMs: number;
}

export type RunItem = (pointer: ItemPointer) => Promise<ItemRun>;

const busyMs = 1000;

/** Runs an item of a batch under a claim and completes it, unless it has to be tried again. Any number of workers may run the same one: its first result counts. */
export function createRunItem(deps: RunItemDependencies): RunItem {
  const { transitions, logger } = deps;
  return async (pointer) => {
    const claim = { ...pointer, token: randomId('claim_') };
    try {
      const claimed = await transitions.claim(claim);
      switch (claimed.kind) {
        case 'claimed':
        case 'full':
          return await runClaimed(deps, pointer, claim, claimed.kind === 'full');
        case 'done':
        case 'over':
        case 'gone':
          return over;
        case 'busy':
          return later(claimed.lapsesInMs + 1);
        case 'behind':
          await fileResults(deps, pointer, true);
          return later(busyMs);
        default:
          return assertNever(claimed);
      }
    } catch (error) {
      await transitions.release(claim).catch(() => {});
      if (!(error instanceof StoreUnavailableError || error instanceof BatchFilesError)) {
        logger.error({ err: error, batch: pointer.id, index: pointer.index }, 'an item of a batch failed');
      }
      return laterAfterFailure(busyMs * 2 ** Math.min(pointer.tries, 6));
    }
  };
}

async function runClaimed(
  deps: RunItemDependencies,
  pointer: ItemPointer,
  claim: ItemClaim,
  isFull: boolean,
): Promise<ItemRun> {
  const { store, items, transitions } = deps;
  const batch = await readBatch(store, pointer);
  if (batch === undefined) return over;
  const item = await items.read(pointer, pointer.index);
  const kept = keepClaim(deps, claim);
  const held: { reserved?: HandedOver } = {};
  const handOver = (reserved: HandedOver): void => {
    held.reserved = reserved;
  };
  try {
    const { record } = batch;
    const tried = isFull ? noRoom() : await tryItem(deps, { record, item, pointer, signal: kept.signal, handOver });
    if (tried.kind === 'again') {
      await transitions.release(claim);
      await noteTry(deps, pointer, tried.ended, 'again');
      await noteWaits(deps, pointer, tried.waits);
      return tried.run;
    }
    const line = resultLine(item.customId, tried.json);
    const isCompleted = await completeItem(deps, claim, { record, tried, line, handedOver: held.reserved });
    // With its settlement it got a usage record.
    const isRecorded = isCompleted && held.reserved !== undefined;
    if (!isRecorded) await noteTry(deps, pointer, tried.ended, isCompleted ? 'result' : 'void');
    return over;
  } finally {
    kept.stop();
    // Whatever has happened: what was not settled with a result is given back.
    await held.reserved?.release();
  }
}

/** For whoever watches the batch. An item never fails because this cannot be kept. */
async function noteWaits(
  { store, logger }: RunItemDependencies,
  pointer: ItemPointer,
  waits: ItemWait | undefined,
): Promise<void> {
  if (waits === undefined) return;
  await noteWait(store, pointer, waits.wait, waits.delayMs).catch((error: unknown) => {
    if (!(error instanceof StoreUnavailableError)) logger.error({ err: error }, 'a wait of an item could not be kept');
  });
}

/** For whoever asks for it later. An item never fails because this cannot be kept. */
async function noteTry(
  { store, logger }: RunItemDependencies,
  { tenant }: ItemPointer,
  record: EncodableRecord | undefined,
  fate: TryFate,
): Promise<void> {
  if (record === undefined) return;
  await noteItemTry(store, tenant, { record, fate }).catch((error: unknown) => {
    if (!(error instanceof StoreUnavailableError)) logger.error({ err: error }, 'a try of an item could not be kept');
  });
}
