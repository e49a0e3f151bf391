import type { Clock } from '@ccg/kernel';
import type { Redis } from 'ioredis';
import { openConnection, retryDelayMs } from './connection.ts';
import type { ConnectionTarget } from './target.ts';

export interface Subscription {
  /** Resolves when Redis has confirmed the subscription for the first time; stays pending while Redis is down. */
  readonly active: Promise<void>;
  cancel(): void;
}

export interface Subscriber {
  subscribe(channel: string, handler: (message: string) => void): Subscription;
  close(): void;
}

interface Channel {
  readonly handlers: Set<(message: string) => void>;
  readonly confirmed: PromiseWithResolvers<void>;
}

/** How often an idle connection is asked for a sign of life; a dead one is found only when a reply is due. */
const pingIntervalMs = 10_000;

/**
 * Listens to channels on a connection of its own, opened with the first subscription. When it breaks, the next one goes
 * to whatever `nextTarget` gives: in a cluster every node passes on the messages of all.
 */
export function createSubscriber(nextTarget: () => ConnectionTarget, clock: Clock): Subscriber {
  const channels = new Map<string, Channel>();
  const connection = createReturning(() => openConnection(nextTarget(), 'subscriber'), clock, {
    ready(redis) {
      for (const [name, channel] of channels) confirm(redis, name, channel);
    },
    message(name, message) {
      for (const handler of channels.get(name)?.handlers ?? []) handler(message);
    },
  });

  return {
    subscribe(name, handler) {
      const known = channels.get(name);
      const channel = known ?? { handlers: new Set(), confirmed: Promise.withResolvers<void>() };
      const own = (message: string) => {
        handler(message);
      };
      channel.handlers.add(own);
      channels.set(name, channel);
      const redis = connection.current();
      if (known === undefined && redis.status === 'ready') confirm(redis, name, channel);
      return {
        active: channel.confirmed.promise,
        cancel: () => {
          channel.handlers.delete(own);
        },
      };
    },
    close() {
      channels.clear();
      connection.close();
    },
  };
}

/** Subscribes. A connection that breaks meanwhile is followed by another, which subscribes to all. */
function confirm(redis: Redis, name: string, channel: Channel): void {
  redis.subscribe(name).then(
    () => {
      channel.confirmed.resolve();
    },
    () => {},
  );
}

interface Events {
  ready(redis: Redis): void;
  message(channel: string, message: string): void;
}

/** A connection that is followed by another whenever it ends; the first is opened when it is asked for. */
function createReturning(open: () => Redis, clock: Clock, events: Events) {
  let connection: Redis | undefined;
  let attempts = 0;
  let closed = false;
  let cancelPing = (): void => {};
  let cancelRetry = (): void => {};

  function schedulePing(redis: Redis): void {
    cancelPing();
    cancelPing = clock.schedule(pingIntervalMs, () => {
      if (redis.status === 'ready') redis.ping().catch(() => {});
      schedulePing(redis);
    });
  }

  function connect(): Redis {
    const redis = open();
    connection = redis;
    redis.on('ready', () => {
      attempts = 0;
      events.ready(redis);
    });
    redis.on('message', events.message);
    redis.on('end', () => {
      if (closed) return;
      attempts += 1;
      cancelRetry = clock.schedule(retryDelayMs(attempts), connect);
    });
    schedulePing(redis);
    return redis;
  }

  return {
    current: () => connection ?? connect(),
    close() {
      closed = true;
      cancelPing();
      cancelRetry();
      connection?.disconnect();
    },
  };
}
