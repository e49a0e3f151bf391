import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';

export interface ConnectionTarget {
  /** `redis://` or `rediss://`, with user and password where needed. */
  readonly url?: string | undefined;
  /** A unix socket; wins over `url`. */
  readonly path?: string | undefined;
  /** PEM of the authority behind a `rediss://` server that the system does not know. */
  readonly ca?: string | undefined;
}

/** Replies in the shapes of Redis's second protocol, whichever of the two is spoken. */
type Options = RedisOptions & { readonly replyMapping?: 'legacy' };

/** Without any byte for this long while a reply is due, the connection is dead: nothing else finds out behind a silent network. */
const deadSocketMs = 2000;
const longestRetryDelayMs = 1000;

/** Opens one connection that retries for ever; `role` says how commands behave while it is away. Its errors are swallowed unless listened to. */
export function openConnection(target: ConnectionTarget, role: 'requests' | 'subscriber'): Redis {
  const options: Options = {
    connectTimeout: deadSocketMs,
    socketTimeout: deadSocketMs,
    retryStrategy: (attempt) => Math.min(longestRetryDelayMs, 25 * 2 ** Math.min(attempt, 10)),
    // After a failover the old address may still answer, as a replica.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    disableClientInfo: true,
    ...(target.ca === undefined ? {} : { tls: { ca: target.ca } }),
    ...(role === 'requests' ? failFast : patient),
  };
  const redis = open(target, options);
  redis.on('error', () => {});
  return redis;
}

/** Nothing waits and nothing is sent twice: a request would rather do without the store. */
const failFast: Options = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  enableAutoPipelining: true,
};

/** Subscribing twice is the same as once, so it may wait and be repeated. */
const patient: Options = { maxRetriesPerRequest: null };

function open(target: ConnectionTarget, options: Options): Redis {
  if (target.path !== undefined) return new Redis({ ...options, path: target.path });
  if (target.url !== undefined) return new Redis(target.url, options);
  throw new RangeError('A store needs a URL or the path of a unix socket.');
}
