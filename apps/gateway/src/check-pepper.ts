import type { Clock } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import type { Logger } from '@ccg/telemetry';
import { ensurePepper } from '@ccg/tenancy';
import type { GatewayConfig } from './config.ts';
import { StartError } from './start-error.ts';

const storeWaitMs = 5000;
const storeRetryMs = 1000;

/**
 * Holds this process's pepper to the one of its Redis. Waits for Redis as long as it takes: without it nobody could
 * be let in.
 *
 * @throws StartError when every stored API key would be useless.
 */
export async function checkPepper(store: Store, config: GatewayConfig, logger: Logger, clock: Clock): Promise<void> {
  for (;;) {
    try {
      await store.whenReady(storeWaitMs);
      const result = await ensurePepper({ store }, config.keyPepper);
      if (result === 'ok') return;
    } catch (error) {
      logger.warn({ err: error }, 'waiting for Redis: check REDIS_URL');
      await new Promise<void>((resolve) => {
        clock.schedule(storeRetryMs, resolve);
      });
      continue;
    }
    throw new StartError(
      'KEY_PEPPER is not the one that the API keys in this Redis were stored under, so none of them would work. ' +
        'Set the former KEY_PEPPER, or another REDIS_KEY_PREFIX to begin anew.',
    );
  }
}
