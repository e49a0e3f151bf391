import type { Clock } from '@ccg/kernel';
import type { Redis } from 'ioredis';
import { openConnection } from './connection.ts';
import type { ConnectionTarget } from './connection.ts';

export interface Subscription {
  /** Resolves when Redis has confirmed the subscription for the first time; stays pending while Redis is down. */
  readonly active: Promise<void>;
  cancel(): void;
}

export interface Subscriber {
  subscribe(channel: string, handler: (message: string) => void): Subscription;
  close(): void;
}

/** How often an idle connection is asked for a sign of life; a dead one is found only when a reply is due. */
const pingIntervalMs = 10_000;

/** Listens to channels on a connection of its own, opened with the first subscription. */
export function createSubscriber(target: ConnectionTarget, clock: Clock): Subscriber {
  let redis: Redis | undefined;
  let cancelPing = (): void => {};
  const handlers = new Map<string, Set<(message: string) => void>>();

  function schedulePing(connection: Redis): void {
    cancelPing = clock.schedule(pingIntervalMs, () => {
      if (connection.status === 'ready') connection.ping().catch(() => {});
      schedulePing(connection);
    });
  }

  function connect(): Redis {
    const connection = openConnection(target, 'subscriber');
    connection.on('message', (channel: string, message: string) => {
      for (const handler of handlers.get(channel) ?? []) handler(message);
    });
    schedulePing(connection);
    return connection;
  }

  return {
    subscribe(channel, handler) {
      redis ??= connect();
      const own = (message: string) => {
        handler(message);
      };
      const ofChannel = handlers.get(channel) ?? new Set();
      handlers.set(channel, ofChannel.add(own));
      const confirmed = redis.subscribe(channel);
      return {
        active: new Promise((resolve) => {
          confirmed.then(
            () => {
              resolve();
            },
            // Only `close` ends the wait for Redis, and then nobody listens any more.
            () => {},
          );
        }),
        cancel: () => {
          ofChannel.delete(own);
        },
      };
    },
    close() {
      cancelPing();
      handlers.clear();
      redis?.disconnect();
    },
  };
}
