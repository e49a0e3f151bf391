import { systemClock } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { Redis } from 'ioredis';
import { StoreUnavailableError, toStoreError } from './errors.ts';
import { onEachServer } from './servers.ts';
import { placeOf, userOf } from './target.ts';
import type { ConnectionTarget } from './target.ts';

type Probe = (redisKey: string) => readonly (string | number)[];

const ofKey: Probe = (redisKey) => [redisKey];
const ofField: Probe = (redisKey) => [redisKey, 'field'];

/**
 * The commands that are sent by themselves, each with arguments that try it and change nothing: the redis key is the
 * probe's own and holds a string, which commands for other types refuse after they were permitted.
 */
const singleCommands = {
  // First, so that the probe's key exists; it expires by itself where DEL is not permitted.
  set: (redisKey) => [redisKey, '', 'PX', 60_000],
  get: ofKey,
  hget: ofField,
  hgetall: ofKey,
  hset: (redisKey) => [redisKey, 'field', ''],
  smembers: ofKey,
  xrange: (redisKey) => [redisKey, '-', '+', 'COUNT', 1],
  zadd: (redisKey) => [redisKey, 0, ''],
  zrange: (redisKey) => [redisKey, 0, 0],
  zrangebylex: (redisKey) => [redisKey, '-', '+', 'LIMIT', 0, 1],
  zrangebyscore: (redisKey) => [redisKey, '-inf', '+inf'],
  zrem: (redisKey) => [redisKey, ''],
  zrevrangebylex: (redisKey) => [redisKey, '+', '-', 'LIMIT', 0, 1],
  publish: (redisKey) => [redisKey, ''],
  ping: () => [],
} as const satisfies Readonly<Record<string, Probe>>;

/** The commands within Lua scripts, and the two that run one. */
const scriptCommands = {
  eval: () => ['return 1', 0],
  evalsha: () => ['0'.repeat(40), 0],
  exists: ofKey,
  getbit: (redisKey) => [redisKey, 0],
  getrange: (redisKey) => [redisKey, 0, 0],
  hdel: ofField,
  hkeys: ofKey,
  hincrby: (redisKey) => [redisKey, 'field', 1],
  hlen: ofKey,
  hmget: ofField,
  lpop: ofKey,
  llen: ofKey,
  lrange: (redisKey) => [redisKey, 0, 0],
  ltrim: (redisKey) => [redisKey, 0, 0],
  pexpire: (redisKey) => [redisKey, 60_000],
  pttl: ofKey,
  rpush: (redisKey) => [redisKey, ''],
  setbit: (redisKey) => [redisKey, 0, 0],
  time: () => [],
  xadd: (redisKey) => [redisKey, 'MAXLEN', '~', 1, '*', 'field', ''],
  xrevrange: (redisKey) => [redisKey, '+', '-', 'COUNT', 1],
  xtrim: (redisKey) => [redisKey, 'MINID', 0],
  zcard: ofKey,
  zremrangebyscore: (redisKey) => [redisKey, 0, 0],
  zscore: (redisKey) => [redisKey, ''],
} as const satisfies Readonly<Record<string, Probe>>;

/** Last, because the one removes the probe's key and the other gives the connection to messages. */
const lastCommands = { del: ofKey, subscribe: ofKey } as const satisfies Readonly<Record<string, Probe>>;

/** The single commands in use; whatever reads and writes in one step is a script. */
export type CommandName = keyof typeof singleCommands | 'del';

/** Every command that Redis must permit: the one list of them, which a test holds to the scripts and their callers. @internal */
export const requiredCommands: Readonly<Record<string, Probe>> = {
  ...singleCommands,
  ...scriptCommands,
  ...lastCommands,
};

/** What a queue needs besides: what BullMQ sends, and what its scripts do. */
const queueCommands: Readonly<Record<string, Probe>> = {
  bzpopmin: (redisKey) => [redisKey, 0.01],
  'client|setname': () => ['permission-probe'],
  hexists: ofField,
  hmset: (redisKey) => [redisKey, 'field', ''],
  incr: ofKey,
  lindex: (redisKey) => [redisKey, 0],
  lpos: (redisKey) => [redisKey, ''],
  lpush: (redisKey) => [redisKey, ''],
  lrem: (redisKey) => [redisKey, 0, ''],
  multi: () => [],
  exec: () => [],
  rpop: ofKey,
  rpoplpush: (redisKey) => [redisKey, redisKey],
  sadd: (redisKey) => [redisKey, ''],
  scard: ofKey,
  sismember: (redisKey) => [redisKey, ''],
  srem: (redisKey) => [redisKey, ''],
  xlen: ofKey,
  zcount: (redisKey) => [redisKey, 0, 0],
  zpopmin: ofKey,
  zremrangebyrank: (redisKey) => [redisKey, 0, 0],
  zrevrange: (redisKey) => [redisKey, 0, 0],
  zrevrangebyscore: (redisKey) => [redisKey, 0, 0],
};

/** What nodes of a cluster must permit besides. @internal */
export const clusterCommands: Readonly<Record<string, Probe>> = { 'cluster|slots': () => [], asking: () => [] };

/** What the Redis user of a connection may not do, or what its server does not know. */
export interface MissingPermissions {
  readonly user: string;
  /** ACL rules that would permit it, such as `+hset`, `~ccg:*` or `&ccg:*`. */
  readonly aclRules: readonly string[];
  /** Commands that the server does not have: it may have renamed or disabled them. */
  readonly unknownCommands: readonly string[];
}

interface ProbeOptions {
  readonly keyPrefix: string;
  readonly timeoutMs: number;
  /** Whether the process has a queue, too. */
  readonly hasQueue?: boolean | undefined;
  readonly clock?: Clock;
}

/**
 * Tries every required command, on a connection of its own to each server. It asks for no command that lists permissions,
 * since the users that lack one lack those too; a server without ACL permits everything.
 */
export async function findMissingPermissions(
  target: ConnectionTarget,
  { keyPrefix, timeoutMs, hasQueue = false, clock = systemClock }: ProbeOptions,
): Promise<MissingPermissions> {
  const commands = {
    ...(placeOf(target).kind === 'cluster' ? clusterCommands : {}),
    ...singleCommands,
    // Before the probe's key is removed.
    ...(hasQueue ? queueCommands : {}),
    ...requiredCommands,
  };
  const redisKey = `${keyPrefix}permission-probe`;
  const found = await onEachServer(target, { timeoutMs, clock }, (redis) => tryCommands(redis, commands, redisKey));
  const failures = found.flat();
  const unknown = failures.filter(([, message]) => message.includes('unknown command')).map(([name]) => name);
  return {
    user: userOf(target),
    aclRules: [...new Set(failures.flatMap(([name, message]) => aclRuleFor(name, message, keyPrefix)))],
    unknownCommands: [...new Set(unknown)],
  };
}

type Failure = readonly [commandName: string, message: string];

async function tryCommands(
  redis: Redis,
  commands: Readonly<Record<string, Probe>>,
  redisKey: string,
): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  for (const [name, probe] of Object.entries(commands)) {
    const [command = name, ...subcommand] = name.split('|');
    try {
      await (name === 'subscribe' ? redis.subscribe(redisKey) : redis.call(command, ...subcommand, ...probe(redisKey)));
    } catch (thrown) {
      // A connection that breaks is no answer, and neither is a server that still loads.
      if (!(thrown instanceof Error) || toStoreError(thrown) instanceof StoreUnavailableError)
        throw toStoreError(thrown);
      failures.push([name, thrown.message]);
    }
  }
  return failures;
}

function aclRuleFor(name: string, message: string, keyPrefix: string): readonly string[] {
  if (!message.startsWith('NOPERM')) return [];
  if (/\bkeys?\b/u.test(message)) return [`~${keyPrefix}*`];
  if (/\bchannels?\b/u.test(message)) return [`&${keyPrefix}*`];
  return [`+${name}`];
}
