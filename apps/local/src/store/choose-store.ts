import { join } from 'node:path';

import { assertNever } from '@ccg/kernel';

import { StartError } from '@ccg/startup';
import { startEmbeddedServer } from './embedded-server.ts';
import type { EmbeddedObserver } from './embedded-server.ts';
import type { JournalState } from './journal/journal.ts';
import { keepRunning } from './keep-running.ts';
import type { StoreObserver } from './keep-running.ts';
import { privateSocketPath } from './private-socket.ts';
import { findRedisBinary } from './redis-binary.ts';
import type { RedisBinary } from './redis-binary.ts';
import { startRedis } from './spawn-redis.ts';

/** The Redis of one machine, whichever it is. */
export interface LocalStore {
  /** The `unix://` URL of a store of our own; undefined where the variables of the environment name the Redis. */
  readonly url: string | undefined;
  /** Which store it is, for people. */
  readonly name: string;
  /** What survives what, for people; ask once it has started. */
  durability(): string;
  /** Resolves when the store answers. */
  start(): Promise<void>;
  /** Ends what `start` began; also safe while it is still starting. Call it when nobody uses the store any more. */
  close(): Promise<void>;
}

export interface StoreChoice {
  /** Forces a choice; `undefined`: the first that is there, in this order. */
  readonly forced: 'redis-url' | 'redis-server' | 'embedded' | undefined;
  /** The variable of the environment that names a Redis, such as `REDIS_URL`. */
  readonly redisVariable: string | undefined;
  /** The PATH on which a server binary is looked for. */
  readonly searchPath: string;
  readonly dataDir: string;
  readonly temporaryDir: string;
}

/** Decides which Redis is used; nothing runs before its `start`. Order: `REDIS_URL`, a server binary of the machine, the embedded one. */
export async function chooseStore(choice: StoreChoice, observer: StoreObserver): Promise<LocalStore> {
  switch (choice.forced) {
    case 'redis-url':
      return remoteStore(choice.redisVariable);
    case 'redis-server':
      return spawnedStore(await requireBinary(choice.searchPath), choice, observer);
    case 'embedded':
      return embeddedStore(choice, observer);
    case undefined: {
      if (choice.redisVariable !== undefined) return remoteStore(choice.redisVariable);
      const search = await findRedisBinary(choice.searchPath);
      if (search.kind === 'found') return spawnedStore(search.binary, choice, observer);
      if (search.kind === 'too-old') observer.say(`${search.binary.name} is too old (6.2 is needed) and not used.`);
      return embeddedStore(choice, observer);
    }
    default:
      return assertNever(choice.forced);
  }
}

function remoteStore(variable: string | undefined): LocalStore {
  if (variable === undefined) throw new StartError('LOCAL_STORE=redis-url needs REDIS_URL.');
  return {
    url: undefined,
    name: `Redis at ${variable}`,
    durability: () => 'as durable as that server is configured to be',
    start: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

async function requireBinary(searchPath: string): Promise<RedisBinary> {
  const search = await findRedisBinary(searchPath);
  switch (search.kind) {
    case 'found':
      return search.binary;
    case 'too-old':
      throw new StartError(
        `LOCAL_STORE=redis-server needs version 6.2 or newer; ${search.binary.path} is ${search.binary.name}.`,
      );
    case 'absent':
      throw new StartError(
        'LOCAL_STORE=redis-server needs redis-server or valkey-server on PATH (Debian: apt-get install redis-server).',
      );
    default:
      return assertNever(search);
  }
}

async function spawnedStore(binary: RedisBinary, choice: StoreChoice, observer: StoreObserver): Promise<LocalStore> {
  const folder = join(choice.dataDir, 'redis');
  const socketPath = await privateSocketPath(folder, 'redis.sock', choice.temporaryDir);
  const begin = async () => {
    const life = await startRedis(binary, { folder, socketPath });
    if (life.adopted) observer.say(`Adopted the Redis (process ${life.pid}) that an earlier run left.`);
    return life;
  };
  return {
    url: `unix://${socketPath}`,
    name: `${binary.name} on a private socket`,
    durability: () => `kept in ${folder}; a crash of the machine loses at most the last second`,
    ...keepRunning(binary.name, begin, observer),
  };
}

async function embeddedStore(choice: StoreChoice, observer: StoreObserver): Promise<LocalStore> {
  const folder = join(choice.dataDir, 'redis');
  const socketPath = await privateSocketPath(folder, 'embedded.sock', choice.temporaryDir);
  const journalPath = join(folder, 'journal');
  let journal: JournalState = { kind: 'kept' };
  const journalObserver: EmbeddedObserver = {
    say: (line) => observer.say(line),
    onJournal(state) {
      const line = describeChange(journal, state, journalPath);
      journal = state;
      if (line !== undefined) observer.say(line);
    },
  };
  return {
    url: `unix://${socketPath}`,
    name: 'embedded',
    durability: () => describeDurability(journal, journalPath),
    ...keepRunning(
      'embedded',
      () => startEmbeddedServer({ listen: { path: socketPath }, journalPath }, journalObserver),
      observer,
    ),
  };
}

function describeDurability(journal: JournalState, path: string): string {
  switch (journal.kind) {
    case 'kept':
      return `kept in ${path}; a crash of the machine loses at most the last second`;
    case 'failing':
      return `nothing is kept, because ${path} cannot be written (${journal.reason})`;
    default:
      return assertNever(journal);
  }
}

function describeChange(before: JournalState, now: JournalState, path: string): string | undefined {
  if (now.kind === 'failing') {
    return `Warning: the store cannot write ${path} (${now.reason}). It works on, but a restart loses what changes now. Make room, or make the folder writable: the store tries again by itself.`;
  }
  return before.kind === 'failing' ? `The store writes ${path} again: everything is kept.` : undefined;
}
