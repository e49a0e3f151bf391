import type { Clock } from '@ccg/kernel';
import { connectStore, findMissingPermissions, inspectServers, StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { Logger, Metrics } from '@ccg/telemetry';
import { ensurePepper } from '@ccg/tenancy';
import { describeFault, describeMissing, describeWait, judgeServers } from './describe-redis.ts';
import type { StoreSettings } from './redis-variables.ts';
import type { CredentialSettings } from './shared-variables.ts';
import { StartError } from './start-error.ts';

/** The Redis of a process, and the pepper under which its API keys are kept. */
type CheckedSettings = StoreSettings &
  Pick<CredentialSettings, 'keyPeppers'> & {
    /** Whether the process has a queue, which needs more commands. */
    readonly hasQueue?: boolean;
  };

const commandTimeoutMs = 500;
/** Short enough that whoever starts it reads within a second what it waits for. */
const firstWaitMs = 500;
const laterWaitMs = 30_000;
const retryMs = 1000;
const checkTimeoutMs = 10_000;

/** Connects to Redis and tells log and metrics whether it answers. */
export function openStore({ redis, redisKeyPrefix }: StoreSettings, logger: Logger, metrics: Metrics): Store {
  return connectStore({
    ...redis,
    keyPrefix: redisKeyPrefix,
    commandTimeoutMs,
    onState(state, detail) {
      metrics.storeState(state);
      if (state === 'ready') logger.info({ detail }, 'store ready');
      else logger.warn({ detail }, state === 'partial' ? 'store partly down' : 'store down');
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
 * Holds this process to a Redis that answers: it must keep what it is given and its user may do what we need, and our pepper
 * is the one of its API keys. Gives what is only worth a warning.
 *
 * @throws StartError when one of them is not so.
 */
export async function checkStore(store: Store, settings: CheckedSettings): Promise<readonly string[]> {
  const { redis, redisKeyPrefix, keyPeppers, hasQueue } = settings;
  const { problems, warnings } = judgeServers(await inspectServers(redis, { timeoutMs: checkTimeoutMs }), redis);
  if (problems.length > 0) throw new StartError(problems.join('\n'));
  const missing = await findMissingPermissions(redis, {
    keyPrefix: redisKeyPrefix,
    timeoutMs: checkTimeoutMs,
    hasQueue,
  });
  const problem = describeMissing(missing);
  if (problem !== undefined) throw new StartError(problem);
  if ((await ensurePepper({ store }, keyPeppers)) === 'ok') return warnings;
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
      for (const warning of await checkStore(store, settings)) logger.warn(warning);
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
