import { Cluster } from 'ioredis';
import type { Redis } from 'ioredis';
import { hostAndPort, openConnection } from './connection.ts';
import { placeOf } from './target.ts';
import type { ConnectionTarget } from './target.ts';

/**
 * Opens a connection for a queue, which waits in Redis for what comes. It connects by itself, and its commands wait while
 * Redis is away. Whoever opens it closes it.
 */
export function openQueueConnection(target: ConnectionTarget): Redis | Cluster {
  const place = placeOf(target);
  if (place.kind !== 'cluster') return openConnection(target, 'queue');
  const { tls, mapAddress } = target;
  const first = new URL(place.urls[0]);
  const cluster = new Cluster([...place.urls], {
    ...(mapAddress === undefined ? {} : { natMap: (address: string) => hostAndPort(mapAddress(address)) }),
    redisOptions: {
      maxRetriesPerRequest: null,
      ...(first.username === '' ? {} : { username: decodeURIComponent(first.username) }),
      ...(first.password === '' ? {} : { password: decodeURIComponent(first.password) }),
      ...(first.protocol === 'rediss:' ? { tls: { ...definedOf(tls) } } : {}),
    },
  });
  // Errors are followed by another attempt, and the store of the process tells of them.
  cluster.on('error', () => {});
  return cluster;
}

function definedOf(material: ConnectionTarget['tls']): Readonly<Record<string, string>> {
  const entries = Object.entries(material ?? {}).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  );
  return Object.fromEntries(entries);
}
