import { systemClock } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import { openCluster } from './cluster.ts';
import type { StateListener, StoreState } from './guard.ts';
import { openLink } from './link.ts';
import type { CommandName } from './permissions.ts';
import { createRedisKeys } from './redis-keys.ts';
import type { RedisKeys } from './redis-keys.ts';
import { runScript } from './script.ts';
import type { Script } from './script.ts';
import { createSubscriber } from './subscriber.ts';
import type { Subscription } from './subscriber.ts';
import { placeOf } from './target.ts';
import type { ConnectionTarget } from './target.ts';

export interface CallOptions {
  /** Milliseconds until the call fails; the store's `commandTimeoutMs` unless given. */
  readonly timeoutMs?: number | undefined;
}

/**
 * One process's way to Redis. Every call either gives Redis's reply or rejects, within its timeout, with
 * StoreUnavailableError (Redis cannot be used now) or StoreReplyError (a fault of ours).
 */
export interface Store {
  readonly redisKeys: RedisKeys;
  /** Runs a Lua script; every redis key that it touches is in `keys` and carries the same hash tag. */
  run(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
    options?: CallOptions,
  ): Promise<unknown>;
  /** Sends one command. */
  command(name: CommandName, args: readonly (string | number)[], options?: CallOptions): Promise<unknown>;
  /** Calls the handler with every message of a channel, on a connection of its own that comes back by itself. Messages of a time without connection are lost. */
  subscribe(channel: string, handler: (message: string) => void): Subscription;
  /** Resolves when the store is ready, at once or later; rejects with StoreUnavailableError after `timeoutMs`. For the start of a process. */
  whenReady(timeoutMs: number): Promise<void>;
  state(): StoreState;
  /** Ends both connections. */
  close(): Promise<void>;
}

export interface StoreOptions extends ConnectionTarget {
  /** Stands before every redis key and channel; no braces. */
  readonly keyPrefix: string;
  /** Milliseconds after which a call fails that names no timeout of its own. */
  readonly commandTimeoutMs: number;
  readonly clock?: Clock | undefined;
  /** Called on each change. */
  readonly onState?: StateListener | undefined;
}

/**
 * Connects to Redis for the request path and returns at once, connected or not: while there is no connection every
 * call fails immediately, and the connection comes back by itself. After three calls in a row without an answer
 * calls fail unasked until a probe, one a second, is answered.
 */
export function connectStore(options: StoreOptions): Store {
  const clock = options.clock ?? systemClock;
  const wayOptions = { clock, closeTimeoutMs: options.commandTimeoutMs, onState: options.onState };
  const cluster = placeOf(options).kind === 'cluster' ? openCluster(options, wayOptions) : undefined;
  const way = cluster ?? openLink(options, wayOptions);
  const subscriber = createSubscriber(() => cluster?.someNode() ?? options, clock);
  const timeoutOf = (callOptions: CallOptions | undefined) => callOptions?.timeoutMs ?? options.commandTimeoutMs;
  return {
    redisKeys: createRedisKeys(options.keyPrefix),
    run: (script, keys, args, callOptions) =>
      way.perform(keys[0], timeoutOf(callOptions), (send) => runScript(send, script, keys, args)),
    command: (name, args, callOptions) =>
      way.perform(redisKeyOf(name, args), timeoutOf(callOptions), (send) => send(name, args)),
    subscribe: (channel, handler) => subscriber.subscribe(channel, handler),
    whenReady: (timeoutMs) => way.whenReady(timeoutMs),
    state: () => way.state(),
    async close() {
      subscriber.close();
      await way.close();
    },
  };
}

/** Any node of a cluster passes a message on to all. */
const withoutRedisKey: ReadonlySet<CommandName> = new Set(['ping', 'publish']);

function redisKeyOf(name: CommandName, args: readonly (string | number)[]): string | undefined {
  const [first] = args;
  return first === undefined || withoutRedisKey.has(name) ? undefined : String(first);
}
