import type {
  createRedisCommandExecutor,
  KeyspaceEntry,
  RedisDatabase,
  RedisDataValue,
  RedisStreamData,
} from 'js-redis-server/core';

import type { Change } from './changes.ts';

type ExecutorOptions = NonNullable<Parameters<typeof createRedisCommandExecutor>[0]>;
/** Sees the commands of the embedded server. */
export type ExecutionPolicy = NonNullable<ExecutorOptions['policies']>[number];
type CommandPlan = Parameters<NonNullable<ExecutionPolicy['beforeExecute']>>[0];

/** Knows which redis keys of a database have changed since it was last asked. */
export interface TrackedChanges {
  /** Sees every command; it goes into the command executor of the database. */
  readonly policy: ExecutionPolicy;
  /**
   * The changes since the last `take` or `takeAll`. Call it between two commands: while no script runs, and while nobody
   * else holds the turn of the database.
   */
  take(): readonly Change[];
  /** The whole database as changes to an empty one. */
  takeAll(): readonly Change[];
}

/** How a key changed: `extended` if all that happened to it is that a stream got longer. */
type Kind = 'extended' | 'changed';

/** What the journal holds of a stream. */
type KnownStream = Pick<RedisStreamData, 'lastId' | 'entriesAdded'>;

/** Their commands are seen one by one. */
const scriptCommands = new Set(['eval', 'evalsha', 'fcall']);
const extendingCommands = new Set(['xadd', 'xtrim']);
const droppingCommands = new Set(['flushdb', 'flushall']);

/**
 * Tracks a database. `onLastingChange` is called after a command, a whole script or a whole transaction has changed a
 * key that has no expiry, and before the command is answered: what must not vanish is written there.
 *
 * The server's own events are not used: it copies the whole value for each of them, and gives none for consumer groups.
 */
export function trackChanges(db: RedisDatabase, onLastingChange: () => void): TrackedChanges {
  const written = createWrittenKeys(db);
  const changed = new Map<string, { readonly key: Buffer; kind: Kind }>();
  /** The keys of the commands since the last check for lasting changes. */
  let unchecked: Buffer[] = [];
  let isEmptied = false;
  let isCheckDue = false;

  function note(key: Buffer, kind: Kind): void {
    const id = key.toString('hex');
    const noted = changed.get(id);
    if (noted === undefined) changed.set(id, { key: Buffer.from(key), kind });
    else if (kind === 'changed') noted.kind = kind;
    unchecked.push(key);
  }

  /** As a microtask: it runs when a script has ended, and before the answer of its command is written. */
  function checkSoon(): void {
    if (isCheckDue || (unchecked.length === 0 && !isEmptied)) return;
    isCheckDue = true;
    queueMicrotask(() => {
      const keys = unchecked;
      unchecked = [];
      isCheckDue = false;
      if (isEmptied || keys.some((key) => written.isLasting(key))) onLastingChange();
    });
  }

  function forget(): void {
    changed.clear();
    written.clear();
  }

  return {
    policy: {
      name: 'journal',
      // Before, because a command that fails may have changed something.
      beforeExecute(plan) {
        if (isWrite(plan)) for (const key of plan.keys) note(key, kindOf(plan));
      },
      afterExecute(plan, context, result) {
        if (droppingCommands.has(plan.definition.name)) {
          forget();
          isEmptied = true;
        }
        // The commands of a transaction are written together, after its EXEC.
        if (context.transactionReplay !== true) checkSoon();
        return result;
      },
    },
    take() {
      const changes: Change[] = isEmptied ? [{ kind: 'drop-all' }] : [];
      isEmptied = false;
      for (const { key, kind } of changed.values()) {
        const change = written.changeOf(key, kind);
        if (change !== undefined) changes.push(change);
      }
      changed.clear();
      return changes;
    },
    takeAll() {
      forget();
      isEmptied = false;
      const entries = db.entriesSnapshot();
      for (const entry of entries) written.note(entry);
      return entries.map(({ key, value, expiresAt }) => ({ kind: 'put', key, expiresAt, value }));
    },
  };
}

/** What the journal holds, as far as the next changes depend on it. */
function createWrittenKeys(db: RedisDatabase) {
  const keys = new Map<string, 'lasting' | 'expiring'>();
  const streams = new Map<string, KnownStream>();

  function note({ key, expiresAt, value }: KeyspaceEntry): void {
    const id = key.toString('hex');
    keys.set(id, expiresAt === undefined ? 'lasting' : 'expiring');
    if (value.type === 'stream' && expiresAt === undefined) {
      streams.set(id, { lastId: value.lastId, entriesAdded: value.entriesAdded });
    } else {
      streams.delete(id);
    }
  }

  return {
    note,
    clear() {
      keys.clear();
      streams.clear();
    },
    /** Whether a key has no expiry, or had none. */
    isLasting: (key: Buffer) =>
      db.getExpiration(key).kind === 'persistent' || keys.get(key.toString('hex')) === 'lasting',
    /** The change that brings the journal to what a key is now. */
    changeOf(key: Buffer, kind: Kind): Change | undefined {
      const id = key.toString('hex');
      const expiration = db.getExpiration(key);
      const value = readValue(db, key);
      const known = streams.get(id);
      if (value === null) {
        streams.delete(id);
        return keys.delete(id) ? { kind: 'drop', key } : undefined;
      }
      const expiresAt = expiration.kind === 'expires' ? expiration.expiresAt : undefined;
      note({ key, value, ...(expiresAt === undefined ? {} : { expiresAt }) });
      const kept = kind === 'extended' && expiresAt === undefined ? keptEntries(value, known) : undefined;
      if (kept === undefined || value.type !== 'stream') return { kind: 'put', key, expiresAt, value };
      return { kind: 'extend', key, tail: { ...value, kept, entries: value.entries.slice(kept) } };
    },
  };
}

function isWrite({ flags, definition }: CommandPlan): boolean {
  return flags.includes('write') && !scriptCommands.has(definition.name);
}

function kindOf({ definition }: CommandPlan): Kind {
  return extendingCommands.has(definition.name) ? 'extended' : 'changed';
}

/** A stream may be large, so it is the server's own object and no copy: read it at once, and change nothing. */
function readValue(db: RedisDatabase, key: Buffer): RedisDataValue | null {
  return db.getType(key) === 'stream' ? db.updateStream(key, (stream) => stream.value) : db.get(key);
}

/**
 * How many entries of a stream the journal already holds, all at its beginning. Undefined when that cannot be said: the
 * journal does not know the stream, or it has consumer groups, which change with its entries.
 */
function keptEntries(value: RedisDataValue, known: KnownStream | undefined): number | undefined {
  if (value.type !== 'stream' || value.groups.size > 0 || known === undefined) return undefined;
  const added = value.entriesAdded - known.entriesAdded;
  const kept = Math.max(0, value.entries.length - added);
  const youngest = value.entries[kept - 1];
  const isSame = youngest === undefined || (youngest.id.ms === known.lastId.ms && youngest.id.seq === known.lastId.seq);
  return added >= 0 && isSame ? kept : undefined;
}
