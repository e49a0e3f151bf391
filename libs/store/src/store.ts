import type { RedisKeys } from './redis-keys.ts';
import type { Script } from './script.ts';

/** `ready`: commands are answered. `down`: they fail at once with StoreUnavailableError. */
export type StoreState = 'ready' | 'down';

/** The single commands in use; whatever reads and writes in one step is a script. */
export type CommandName = 'get' | 'set' | 'del' | 'hget' | 'publish' | 'ping';

export interface CallOptions {
  /** Milliseconds until the call fails; the store's `commandTimeoutMs` unless given. */
  readonly timeoutMs?: number | undefined;
}

export interface Subscription {
  /** Resolves when Redis has confirmed the subscription for the first time; stays pending while Redis is down. */
  readonly active: Promise<void>;
  cancel(): void;
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
