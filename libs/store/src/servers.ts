import { systemClock } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { Redis } from 'ioredis';
import { findPrimaries } from './cluster.ts';
import { openConnection } from './connection.ts';
import { callWithTimeout, createGuard } from './guard.ts';
import { describeTarget, placeOf } from './target.ts';
import type { ConnectionTarget } from './target.ts';

interface LookOptions {
  /** Milliseconds to connect to a server, and again to look at it. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/**
 * Looks at every server that commands go to, on a connection of its own: at the primaries of a cluster, else at the one
 * server. Rejects with StoreUnavailableError when one of them does not answer.
 */
export async function onEachServer<Seen>(
  target: ConnectionTarget,
  options: LookOptions,
  look: (redis: Redis, address: string) => Promise<Seen>,
): Promise<readonly Seen[]> {
  const { clock, timeoutMs } = options;
  const isCluster = placeOf(target).kind === 'cluster';
  const servers = isCluster ? await findPrimaries(target, { clock, closeTimeoutMs: timeoutMs }) : [target];
  return await Promise.all(servers.map((server) => lookAt(server, options, look)));
}

async function lookAt<Seen>(
  server: ConnectionTarget,
  { timeoutMs, clock }: LookOptions,
  look: (redis: Redis, address: string) => Promise<Seen>,
): Promise<Seen> {
  const redis = openConnection(server, 'requests');
  const guard = createGuard(redis, clock, undefined);
  try {
    await guard.whenReady(timeoutMs);
    return await callWithTimeout(clock, timeoutMs, () => look(redis, describeTarget(server) ?? ''));
  } finally {
    guard.close();
    redis.disconnect();
  }
}

/** What a server says of itself; a field is undefined where it does not say. */
export interface ServerReport {
  readonly address: string;
  readonly version: string | undefined;
  readonly maxmemoryPolicy: string | undefined;
  readonly hasAppendOnlyFile: boolean | undefined;
  readonly isClusterNode: boolean | undefined;
}

/** Reads what every server says of itself. A user that may not ask for INFO learns nothing, which is no failure. */
export async function inspectServers(
  target: ConnectionTarget,
  { timeoutMs, clock = systemClock }: { readonly timeoutMs: number; readonly clock?: Clock },
): Promise<readonly ServerReport[]> {
  return await onEachServer(target, { timeoutMs, clock }, async (redis, address) => {
    const info = await redis.call('info').then(String, (error: unknown) => {
      if (error instanceof Error && error.name === 'ReplyError') return '';
      throw error;
    });
    const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'mu').exec(info)?.[1];
    const flag = (name: string) => (field(name) === undefined ? undefined : field(name) === '1');
    return {
      address,
      version: field('redis_version'),
      maxmemoryPolicy: field('maxmemory_policy'),
      hasAppendOnlyFile: flag('aof_enabled'),
      isClusterNode: flag('cluster_enabled'),
    };
  });
}
