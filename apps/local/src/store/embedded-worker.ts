import { rmSync } from 'node:fs';
import type { ListenOptions } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

import { createRedisCommandExecutor, RedisServerState, Resp2Server } from 'js-redis-server/core';

/** What the thread is started with; a password is needed where the address is not private by itself. */
export interface EmbeddedServerOptions {
  readonly listen: ListenOptions;
  readonly password?: string;
}

const { listen, password } = workerDataOf<EmbeddedServerOptions>();
const state = new RedisServerState({
  databaseCount: 1,
  ...(password === undefined ? {} : { requirepass: password }),
});
const { server } = new Resp2Server({ server: state, executor: createRedisCommandExecutor() });

// Without it every pipelined reply waits for a delayed acknowledgement, 40 ms each.
server.on('connection', (socket) => socket.setNoDelay(true));
server.on('error', (error) => {
  throw error;
});
// A socket file left by a killed process would refuse the bind; the data folder's lock says that nobody uses it.
if (listen.path !== undefined) rmSync(listen.path, { force: true });
// The package's own listen() takes a port alone and binds every address.
server.listen(listen, () => parentPort?.postMessage(server.address()));

function workerDataOf<T>(): T {
  return workerData as T;
}
