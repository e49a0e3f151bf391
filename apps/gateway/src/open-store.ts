import { connectStore } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { Logger, Metrics } from '@ccg/telemetry';
import type { GatewayConfig } from './config.ts';

const commandTimeoutMs = 500;

/** Connects to Redis and tells log and metrics whether it answers. */
export function openStore({ redis, redisKeyPrefix }: GatewayConfig, logger: Logger, metrics: Metrics): Store {
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
