import { rmSync } from 'node:fs';
import type { AddressInfo, ListenOptions } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

import {
  createRedisCommandExecutor,
  RedisResult,
  RedisServerState,
  RedisValue,
  Resp2Server,
} from 'js-redis-server/core';

import { openJournal } from './journal/journal.ts';
import type { Journal, JournalState } from './journal/journal.ts';
import { JournalRefusedError, restoreJournal } from './journal/restore.ts';
import { trackChanges } from './journal/tracked-changes.ts';
import type { ExecutionPolicy } from './journal/tracked-changes.ts';
import { spareCopies } from './spare-copies.ts';

/** What the thread is started with. */
export interface EmbeddedServerOptions {
  readonly listen: ListenOptions;
  /** Needed where the address is not private by itself. */
  readonly password?: string;
  /** The file from which the store is filled, and to which its changes are written. Without one it forgets everything. */
  readonly journalPath?: string;
}

/** What the thread tells. It is told only one thing: to write what is left, and to end. */
export type EmbeddedServerMessage =
  | { readonly kind: 'listening'; readonly address: AddressInfo | string | null }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'journal'; readonly state: JournalState }
  | { readonly kind: 'said'; readonly line: string };

/** INFO says what is true of a server with a journal: the start of a gateway looks there. */
const tellOfJournal: ExecutionPolicy = {
  name: 'info',
  afterExecute({ definition }, _context, result) {
    const { value } = result;
    if (definition.name !== 'info' || value.kind !== 'bulk-string' || value.value === null) return result;
    const text = value.value.toString().replace('aof_enabled:0', 'aof_enabled:1');
    return RedisResult.create(RedisValue.bulkString(Buffer.from(text)));
  },
};

const { listen, password, journalPath } = workerDataOf<EmbeddedServerOptions>();
const state = new RedisServerState({
  databaseCount: 1,
  ...(password === undefined ? {} : { requirepass: password }),
});
const db = state.getDatabase(0);
spareCopies(db);
let journal: Journal | undefined;

const changes = journalPath === undefined ? undefined : trackChanges(db, () => journal?.write());
const policies = changes === undefined ? [] : [changes.policy, tellOfJournal];
const { server } = new Resp2Server({ server: state, executor: createRedisCommandExecutor({ policies }) });

// Without it every pipelined reply waits for a delayed acknowledgement, 40 ms each.
server.on('connection', (socket) => socket.setNoDelay(true));
server.on('error', (error) => {
  throw error;
});
parentPort?.once('message', () => {
  void (journal?.close() ?? Promise.resolve()).then(() => process.exit(0));
});

try {
  if (journalPath !== undefined && changes !== undefined) {
    restoreJournal(journalPath, db, (line) => tell({ kind: 'said', line }));
    journal = await openJournal({
      path: journalPath,
      db,
      changes,
      onState: (now) => tell({ kind: 'journal', state: now }),
    });
  }
  // A socket file left by a killed process would refuse the bind; the data folder's lock says that nobody uses it.
  if (listen.path !== undefined) rmSync(listen.path, { force: true });
  // The package's own listen() takes a port alone and binds every address.
  server.listen(listen, () => tell({ kind: 'listening', address: server.address() }));
} catch (thrown) {
  if (!(thrown instanceof JournalRefusedError)) throw thrown;
  tell({ kind: 'refused', message: thrown.message });
}

function tell(message: EmbeddedServerMessage): void {
  parentPort?.postMessage(message);
}

function workerDataOf<T>(): T {
  return workerData as T;
}
