import type { Clock } from '@ccg/kernel';
import { Command } from 'ioredis';
import { joinWrites, openConnection } from './connection.ts';
import { callWithTimeout, createGuard } from './guard.ts';
import type { StateListener, StoreState } from './guard.ts';
import type { ConnectionTarget } from './target.ts';

/** Sends one command. */
export type Send = (name: string, args: readonly (string | number)[]) => Promise<unknown>;

/** Commands of which the later ones depend on the replies to the earlier ones; all of them concern one redis key. */
export type Operation<Reply> = (send: Send) => Promise<Reply>;

/** One way to Redis for the commands of requests. */
export interface Way {
  /** Rejects with StoreUnavailableError or StoreReplyError, within `timeoutMs`. A command without a redis key goes anywhere. */
  perform<Reply>(redisKey: string | undefined, timeoutMs: number, operation: Operation<Reply>): Promise<Reply>;
  /** Resolves when all of Redis answers; rejects with StoreUnavailableError after `timeoutMs`, or at once where waiting is in vain. */
  whenReady(timeoutMs: number): Promise<void>;
  state(): StoreState;
  close(): Promise<void>;
}

/** The way over one connection. */
export interface Link extends Way {
  /** Asks a node for what is about to become its own: each command is announced by ASKING. */
  performAsking<Reply>(timeoutMs: number, operation: Operation<Reply>): Promise<Reply>;
}

export interface WayOptions {
  readonly clock: Clock;
  /** Milliseconds in which Redis may take leave when the way is closed. */
  readonly closeTimeoutMs: number;
  readonly onState?: StateListener | undefined;
}

/** Opens the connection and returns at once, connected or not. It comes back by itself. */
export function openLink(target: ConnectionTarget, { clock, closeTimeoutMs, onState }: WayOptions): Link {
  const redis = openConnection(target, 'requests');
  const joinWrite = joinWrites(redis);
  const guard = createGuard(redis, clock, onState);
  // The client's `call` does the same with two more copies of the arguments.
  const send: Send = (name, args) => {
    joinWrite();
    const command = new Command(name, [...args], { replyEncoding: 'utf8' });
    redis.sendCommand(command);
    return command.promise;
  };
  const sendAsking: Send = (name, args) => {
    joinWrite();
    // Its failure is that of the command behind it.
    redis.asking().catch(() => {});
    return send(name, args);
  };
  return {
    perform: (_redisKey, timeoutMs, operation) => guard.guarded(timeoutMs, () => operation(send)),
    performAsking: (timeoutMs, operation) => guard.guarded(timeoutMs, () => operation(sendAsking)),
    whenReady: (timeoutMs) => guard.whenReady(timeoutMs),
    state: () => guard.state(),
    async close() {
      guard.close();
      if (redis.status === 'ready') await callWithTimeout(clock, closeTimeoutMs, () => redis.quit()).catch(() => {});
      redis.disconnect();
    },
  };
}
