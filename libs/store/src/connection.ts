import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import type { Writable } from 'node:stream';
import { faultOf } from './errors.ts';

/** Which Redis: the one place for what a connection to it needs. */
export interface ConnectionTarget {
  /** `redis://` or `rediss://`, with user and password where needed. */
  readonly url?: string | undefined;
  /** The path of a unix socket; wins over `url`. */
  readonly socketPath?: string | undefined;
  /** PEM of the authority behind a `rediss://` server that the system does not know. */
  readonly ca?: string | undefined;
}

/** What a connection is for, which decides how its commands behave while Redis is away. */
export type ConnectionRole = 'requests' | 'subscriber';

/** Replies in the shapes of Redis's second protocol, whichever of the two is spoken. */
type Options = RedisOptions & { readonly replyMapping?: 'legacy' };

/** A connection that got no byte for this long while a reply is due is dead: a silent network tells it in no other way. */
const deadSocketMs = 2000;
const longestRetryDelayMs = 1000;

const optionsOfAll: Options = {
  connectTimeout: deadSocketMs,
  socketTimeout: deadSocketMs,
  retryStrategy: (attempt) => Math.min(longestRetryDelayMs, 25 * 2 ** Math.min(attempt, 10)),
  // After a failover the old address may still answer, as a replica.
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
  disableClientInfo: true,
};

/** A consumer that blocks in Redis needs a role of its own here: its replies may take longer than `deadSocketMs`. */
const optionsOfRole: Readonly<Record<ConnectionRole, Options>> = {
  // Nothing waits and nothing is sent twice: a request would rather do without the store.
  requests: {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  },
  // Subscribing twice is the same as once, so it may wait and be repeated.
  subscriber: { maxRetriesPerRequest: null },
};

/** Opens one connection, which comes back by itself for ever. Its errors are dropped unless somebody listens to them. */
export function openConnection(target: ConnectionTarget, role: ConnectionRole): Redis {
  const tls = target.ca === undefined ? {} : { tls: { ca: target.ca } };
  const redis = open(target, { ...optionsOfAll, ...optionsOfRole[role], ...tls });
  redis.on('error', (error: Error) => {
    const fault = faultOf(error);
    // The client would go on in database 0.
    if (fault === 'database' || fault === 'select-denied') redis.disconnect(true);
  });
  allowMissingInfo(redis);
  return redis;
}

type InfoCallback = (error: Error | null | undefined, reply?: string) => void;

/**
 * The client asks for INFO to learn whether Redis is still loading. A user that may not ask does without; the client
 * by itself would print that between the lines of the log.
 */
function allowMissingInfo(redis: Redis): void {
  const info = redis.info.bind(redis);
  Object.assign(redis, {
    info: (callback: InfoCallback) =>
      info((error, reply) => {
        if (error?.message.startsWith('NOPERM') === true) callback(null, '');
        else callback(error, reply);
      }),
  });
}

/** Where a Redis is, for people and logs, without its user or password; undefined for a URL that names no host. */
export function describeTarget({ url, socketPath }: ConnectionTarget): string | undefined {
  if (socketPath !== undefined) return socketPath;
  const { hostname = '', port = '', pathname, search, hash } = URL.parse(url ?? '') ?? {};
  // An @ after the host: the password has a character in it that ends the host, and what looks like the host is not.
  const isCutShort = `${pathname}${search}${hash}`.includes('@');
  return hostname === '' || isCutShort ? undefined : `${hostname}:${port === '' ? '6379' : port}`;
}

/** The Redis user that a connection signs in as. */
export function userOf({ url, socketPath }: ConnectionTarget): string {
  const username = socketPath === undefined ? URL.parse(url ?? '')?.username : undefined;
  return username === undefined || username === '' ? 'default' : decodeURIComponent(username);
}

function open(target: ConnectionTarget, options: Options): Redis {
  if (target.socketPath !== undefined) return new Redis({ ...options, path: target.socketPath });
  if (target.url !== undefined) return new Redis(target.url, options);
  throw new RangeError('A store needs a URL or the path of a unix socket.');
}

/**
 * Gives a function to call before every command, so that those of one turn of the event loop, whichever requests they
 * belong to, leave in one write. It delays nothing: Redis's reply cannot be read before the turn has ended. It takes less
 * time than auto-pipelining.
 */
export function joinWrites(connection: { readonly stream: Pick<Writable, 'cork' | 'uncork'> }): () => void {
  let corked: typeof connection.stream | undefined;
  return () => {
    // A connection that came back has another stream.
    const { stream } = connection;
    if (stream === corked) return;
    corked = stream;
    stream.cork();
    setImmediate(() => {
      if (corked === stream) corked = undefined;
      stream.uncork();
    });
  };
}
