import { assertNever } from '@ccg/kernel';
import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import type { Writable } from 'node:stream';
import { faultOf } from './errors.ts';
import { placeOf } from './target.ts';
import type { ConnectionTarget, TlsMaterial } from './target.ts';

/** What a connection is for, which decides how its commands behave while Redis is away. */
export type ConnectionRole = 'requests' | 'subscriber' | 'queue';

/** Replies in the shapes of Redis's second protocol, whichever of the two is spoken. */
type Options = RedisOptions & { readonly replyMapping?: 'legacy' };

/** A connection that got no byte for this long while a reply is due is dead: a silent network tells it in no other way. */
const deadSocketMs = 2000;
const longestRetryDelayMs = 1000;

/** Milliseconds between one attempt to connect and the next. */
export function retryDelayMs(attempt: number): number {
  return Math.min(longestRetryDelayMs, 25 * 2 ** Math.min(attempt, 10));
}

const optionsOfAll: Options = {
  connectTimeout: deadSocketMs,
  socketTimeout: deadSocketMs,
  sentinelCommandTimeout: deadSocketMs,
  retryStrategy: retryDelayMs,
  sentinelRetryStrategy: retryDelayMs,
  // After a failover the old address may still answer, as a replica.
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
  disableClientInfo: true,
};

const optionsOfRole: Readonly<Record<ConnectionRole, Options>> = {
  // Nothing waits and nothing is sent twice: a request would rather do without the store.
  requests: {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  },
  // It does not come back by itself: in a cluster the next one goes to another node.
  subscriber: { retryStrategy: () => null, maxRetriesPerRequest: null },
  // It blocks in Redis, so that its replies may take long, and what it asks is asked again when Redis is back. The queue
  // opens more of them by itself, whose users may lack INFO, too.
  queue: { maxRetriesPerRequest: null, socketTimeout: undefined, enableReadyCheck: false },
};

/**
 * Opens one connection to a server; to a cluster each node has its own. Unless it is a
 * subscriber it comes back by itself for ever. Its errors are dropped unless somebody listens to them.
 */
export function openConnection(target: ConnectionTarget, role: ConnectionRole): Redis {
  const redis = open(target, { ...optionsOfAll, ...optionsOfRole[role] });
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

function open(target: ConnectionTarget, options: Options): Redis {
  const place = placeOf(target);
  const tls = target.tls === undefined ? {} : { tls: tlsOptions(target.tls) };
  switch (place.kind) {
    case 'socket':
      return new Redis({ ...options, ...passwordOf(target), path: place.path });
    case 'server':
      return new Redis(place.url, { ...options, ...tls });
    case 'sentinels':
      return new Redis({ ...options, ...passwordOf(target), ...sentinelOptions(place, target) });
    case 'cluster':
      throw new RangeError('A connection goes to one server, not to a cluster.');
    default:
      return assertNever(place);
  }
}

function passwordOf({ password }: ConnectionTarget): Options {
  return password === undefined ? {} : { password: password.reveal() };
}

function tlsOptions({ ca, cert, key }: TlsMaterial) {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  };
}

function sentinelOptions(
  { urls, name }: { readonly urls: readonly [string, ...string[]]; readonly name: string },
  { tls = {}, mapAddress }: ConnectionTarget,
): Options {
  const { protocol, username, password } = new URL(urls[0]);
  const sentinels = urls.map((url) => {
    const { hostname, port } = new URL(url);
    return { host: hostname.replaceAll(/^\[|\]$/gu, ''), port: Number(port === '' ? 26_379 : port) };
  });
  const secure = tlsOptions(tls);
  return {
    sentinels,
    name,
    ...(mapAddress === undefined ? {} : { natMap: (address: string) => hostAndPort(mapAddress(address)) }),
    ...(username === '' ? {} : { sentinelUsername: decodeURIComponent(username) }),
    ...(password === '' ? {} : { sentinelPassword: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' ? { tls: secure, sentinelTLS: secure, enableTLSForSentinelMode: true } : {}),
  };
}

export function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at), port: Number(address.slice(at + 1)) };
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
