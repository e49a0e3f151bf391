import { assertNever } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import { connectStore, describeTarget, findMissingPermissions, StoreUnavailableError, userOf } from '@ccg/store';
import type { ConnectionFault, MissingPermissions, Store } from '@ccg/store';
import type { Logger, Metrics } from '@ccg/telemetry';
import { ensurePepper } from '@ccg/tenancy';
import { databaseOf } from './redis-url.ts';
import type { RedisTarget } from './redis-url.ts';
import type { CredentialSettings, StoreSettings } from './shared-variables.ts';
import { StartError } from './start-error.ts';

/** The Redis of a process, and the pepper under which its API keys are kept. */
type CheckedSettings = StoreSettings & Pick<CredentialSettings, 'keyPeppers'>;

const commandTimeoutMs = 500;
/** Short enough that whoever starts it reads within a second what it waits for. */
const firstWaitMs = 500;
const laterWaitMs = 30_000;
const retryMs = 1000;
const permissionsTimeoutMs = 10_000;

/** Connects to Redis and tells log and metrics whether it answers. */
export function openStore({ redis, redisKeyPrefix }: StoreSettings, logger: Logger, metrics: Metrics): Store {
  return connectStore({
    ...redis,
    keyPrefix: redisKeyPrefix,
    commandTimeoutMs,
    onState(state, detail) {
      metrics.storeState(state === 'ready');
      if (state === 'ready') logger.info({ detail }, 'store ready');
      else logger.warn({ detail }, 'store down');
    },
  });
}

/**
 * Waits until Redis answers, for ever: without it nobody could be let in. `say` gets one line now and then.
 *
 * @throws StartError where waiting does not help.
 */
export async function waitForStore(
  store: Store,
  { redis }: Pick<StoreSettings, 'redis'>,
  say: (line: string) => void,
): Promise<void> {
  for (let waitMs = firstWaitMs; ; waitMs = laterWaitMs) {
    try {
      await store.whenReady(waitMs);
      return;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      if (error.fault !== undefined) throw new StartError(describeFault(error.fault, error.detail, redis));
      say(describeWait(error.detail, redis));
    }
  }
}

/**
 * Holds this process to a Redis that answers: its user may do what we need, and our pepper is the one of its API keys.
 *
 * @throws StartError when one of the two is not so.
 */
export async function checkStore(store: Store, settings: CheckedSettings): Promise<void> {
  const { redis, redisKeyPrefix, keyPeppers } = settings;
  const missing = await findMissingPermissions(redis, { keyPrefix: redisKeyPrefix, timeoutMs: permissionsTimeoutMs });
  const problem = describeMissing(missing);
  if (problem !== undefined) throw new StartError(problem);
  if ((await ensurePepper({ store }, keyPeppers)) === 'ok') return;
  throw new StartError(
    'The API keys in this Redis were made with another KEY_PEPPER, so none of them would work. Set KEY_PEPPER to that ' +
      'one (npm start keeps its own in DATA_DIR/key-pepper), or name it in KEY_PEPPER_PREVIOUS to go on with a new one, ' +
      'or set REDIS_KEY_PREFIX to another prefix to begin anew.',
  );
}

/** Waits for Redis and checks it; a Redis that goes away in between is waited for again. */
export async function prepareStore(
  store: Store,
  settings: CheckedSettings,
  logger: Logger,
  clock: Clock,
): Promise<void> {
  for (;;) {
    await waitForStore(store, settings, (line) => {
      logger.warn(line);
    });
    try {
      await checkStore(store, settings);
      return;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      logger.warn({ err: error }, 'Redis went away while it was checked');
      await new Promise<void>((resolve) => {
        clock.schedule(retryMs, resolve);
      });
    }
  }
}

/** A server that cannot be reached at all says nothing about TLS. */
const unreached = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOENT|EACCES)$/u;

/** What a server does that speaks another protocol, or that tells in vain why it closes. */
const closed = /^(?:connection closed|EPIPE|ECONNRESET)$/u;

function describeWait(detail: string, redis: RedisTarget): string {
  const address = describeTarget(redis);
  if ('url' in redis && redis.url.startsWith('rediss:') && !unreached.test(detail)) {
    return (
      `Waiting for Redis at ${address}: no TLS connection (${detail}). ` +
      'If that port does not speak TLS, write redis:// in REDIS_URL.'
    );
  }
  const mend =
    'Set a password there (requirepass) and write it into REDIS_URL, or reach it at an address that it is bound to.';
  if (detail === 'DENIED') {
    return `Waiting for Redis at ${address}: it is in protected mode and lets in only its own machine. ${mend}`;
  }
  if ('url' in redis && closed.test(detail)) {
    return (
      `Waiting for Redis at ${address}: it closes the connection. If that port speaks TLS, write rediss:// in REDIS_URL. ` +
      `If that Redis is in protected mode, it lets in only its own machine. ${mend}`
    );
  }
  return `Waiting for Redis at ${address} (${detail}). Start it, or set REDIS_URL to another.`;
}

function describeFault(fault: ConnectionFault, detail: string, redis: RedisTarget): string {
  const address = describeTarget(redis);
  const user = userOf(redis);
  const database = 'url' in redis ? databaseOf(redis.url) : '0';
  switch (fault) {
    case 'credential':
      return `Redis at ${address} does not accept the user or password of REDIS_URL.`;
    case 'database':
      return `Redis at ${address} has no database ${database}. End REDIS_URL with the number of one that it has, such as /0.`;
    case 'select-denied':
      return `The Redis user "${user}" lacks the permission to choose database ${database}. Grant it there with: ACL SETUSER ${user} +select`;
    case 'not-redis':
      return `What answers at ${address} is not Redis, or needs TLS. Set REDIS_URL to a Redis; for TLS write rediss://.`;
    case 'not-tls':
      return `What answers at ${address} does not speak TLS (${detail}). Write redis:// in REDIS_URL, or set it to a port that does.`;
    case 'certificate':
      return `The certificate of Redis at ${address} is not trusted (${detail}). Name the file of its authority in the environment variable NODE_EXTRA_CA_CERTS.`;
    default:
      return assertNever(fault);
  }
}

function describeMissing({ user, aclRules, unknownCommands }: MissingPermissions): string | undefined {
  if (aclRules.length > 0) {
    return (
      `The Redis user "${user}" lacks permissions that the gateway needs. ` +
      `Grant them there with: ACL SETUSER ${user} ${aclRules.join(' ')}`
    );
  }
  if (unknownCommands.length > 0) {
    const names = unknownCommands.map((name) => name.toUpperCase()).join(', ');
    return `This Redis does not know ${names}, which the gateway needs. Undo its rename-command, or use another Redis.`;
  }
  return undefined;
}
