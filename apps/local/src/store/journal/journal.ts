import { setTimeout as delay } from 'node:timers/promises';

import type { RedisDatabase } from 'js-redis-server/core';

import { encodeBatch } from './changes.ts';
import type { Change } from './changes.ts';
import { prepareJournal, syncFolderOf } from './journal-file.ts';
import type { JournalFile } from './journal-file.ts';
import { encodeRecord } from './record.ts';
import type { TrackedChanges } from './tracked-changes.ts';

/** Whether changes are kept. A journal that failed is written again, whole, as soon as that works. */
export type JournalState = { readonly kind: 'kept' } | { readonly kind: 'failing'; readonly reason: string };

export interface JournalOptions {
  readonly path: string;
  readonly db: RedisDatabase;
  readonly changes: TrackedChanges;
  /** Called with the first state, before the journal is open, and with each other one. */
  onState(state: JournalState): void;
}

export interface Journal {
  /** Writes what has changed since the last time, before it returns. Call it between two commands. */
  write(): void;
  /** Writes what has changed and ends. Once. */
  close(): Promise<void>;
}

/** So often is written what is not urgent, and brought to the disk what is written. */
const intervalMs = 250;
/** From this size on, or from twice its size after the last time, the file is written anew with what is there now. */
const rewriteAboveBytes = 1024 * 1024;
const firstRetryMs = 1000;
const longestRetryMs = 30_000;

/**
 * From now on writes the changes of a database to a file: its first record is the whole database, each later one a batch
 * of changes. It replaces the file that is there, so restore that one before. A file that cannot be written is no
 * error: the database works on, and `onState` is told.
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const writer = createWriter(options);
  await writer.rewrite();
  const closing = new AbortController();
  const working = (async () => {
    while (!closing.signal.aborted) {
      await delay(intervalMs, undefined, { signal: closing.signal }).catch(() => undefined);
      await writer.work();
    }
  })();
  return {
    write: () => {
      writer.write();
    },
    async close() {
      closing.abort();
      await working;
      await writer.finish();
    },
  };
}

type FileState =
  | { readonly kind: 'new' }
  | { readonly kind: 'kept'; readonly file: JournalFile; readonly rewriteAboveBytes: number }
  | { readonly kind: 'failing'; readonly retryAtMs: number; readonly delayMs: number }
  | { readonly kind: 'closed' };

/** The file to which records go, while there is one that can be written. */
function createOutput(onState: JournalOptions['onState']) {
  let state: FileState = { kind: 'new' };
  let isSynced = true;

  function fail(thrown: unknown): void {
    const before = state;
    if (before.kind === 'kept') before.file.close();
    const delayMs = before.kind === 'failing' ? Math.min(before.delayMs * 2, longestRetryMs) : firstRetryMs;
    state = { kind: 'failing', retryAtMs: performance.now() + delayMs, delayMs };
    if (before.kind === 'failing') return;
    onState({ kind: 'failing', reason: thrown instanceof Error ? thrown.message : String(thrown) });
  }

  return {
    isKept: () => state.kind === 'kept',
    append(record: Buffer): void {
      if (state.kind !== 'kept') return;
      isSynced = false;
      try {
        state.file.append(record);
      } catch (thrown) {
        fail(thrown);
      }
    },
    async sync(): Promise<void> {
      if (isSynced || state.kind !== 'kept') return;
      isSynced = true;
      await state.file.sync().catch(fail);
    },
    /** Whether it is time for a new file: this one is too long, or failed some time ago. */
    isDue(): boolean {
      if (state.kind === 'kept') return state.file.sizeBytes() > state.rewriteAboveBytes;
      return state.kind === 'failing' && performance.now() >= state.retryAtMs;
    },
    use(file: JournalFile): void {
      const before = state;
      if (before.kind === 'kept') before.file.close();
      state = { kind: 'kept', file, rewriteAboveBytes: Math.max(rewriteAboveBytes, 2 * file.sizeBytes()) };
      isSynced = false;
      if (before.kind !== 'kept') onState({ kind: 'kept' });
    },
    /** There is no new file. The one at hand is as good as before; it only gets longer. */
    keep(thrown: unknown): void {
      if (state.kind === 'kept') state = { ...state, rewriteAboveBytes: state.file.sizeBytes() + rewriteAboveBytes };
      else fail(thrown);
    },
    close(): void {
      if (state.kind === 'kept') state.file.close();
      state = { kind: 'closed' };
    },
  };
}

function createWriter({ path, db, changes, onState }: JournalOptions) {
  const output = createOutput(onState);
  /** While a new file is made: what belongs into it besides the whole database. */
  let meanwhile: Buffer[] | undefined;

  function write(): void {
    // What is not taken now is part of the whole database, which is written next.
    if (!output.isKept() && meanwhile === undefined) return;
    const taken = changes.take();
    if (taken.length === 0) return;
    const record = recordOf(taken);
    meanwhile?.push(record);
    output.append(record);
  }

  async function rewrite(): Promise<void> {
    const whole = await betweenCommands(db, () => {
      write();
      meanwhile = [];
      return recordOf(changes.takeAll());
    });
    try {
      const prepared = await prepareJournal(path, whole);
      output.use(prepared.takePlace(Buffer.concat(meanwhile ?? [])));
    } catch (thrown) {
      output.keep(thrown);
    } finally {
      meanwhile = undefined;
    }
    await syncFolderOf(path);
  }

  return {
    write,
    rewrite,
    async work(): Promise<void> {
      await betweenCommands(db, write);
      await output.sync();
      if (output.isDue()) await rewrite();
    },
    async finish(): Promise<void> {
      if (!output.isKept()) await rewrite();
      await betweenCommands(db, write);
      await output.sync();
      output.close();
    },
  };
}

function recordOf(changes: readonly Change[]): Buffer {
  return encodeRecord(encodeBatch({ writtenAt: Date.now(), changes }));
}

/** A command, a whole script and a whole transaction hold the turn of their database. */
async function betweenCommands<T>(db: RedisDatabase, act: () => T): Promise<T> {
  const turn = await db.turnQueue.waitTurn();
  try {
    return act();
  } finally {
    turn.release();
  }
}
