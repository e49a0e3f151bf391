import { randomBytes } from 'node:crypto';

import type { DirectorySettings } from '@ccg/catalog';
import type { GatewayConfig } from '@ccg/gateway';
import { systemClock } from '@ccg/kernel';
import type { Secret } from '@ccg/kernel';
import { checkStore, StartError, waitForStore } from '@ccg/startup';
import { connectStore, StoreUnavailableError } from '@ccg/store';
import { ensureTenant, generateApiKey, importApiKey, readCredential, reconcile, systemActor } from '@ccg/tenancy';

import { readOrCreateSecret } from './data-dir.ts';

const tenant = 'default';
const connectTimeoutMs = 5_000;
const commandTimeoutMs = 2_000;

/**
 * Puts the tenants of `gateway.yaml` into the store, and the default tenant and its first API key where they are missing, and gives
 * the key. The key is made once and kept in `firstKeyFile` (0600), so that one and the same key works however much the store has
 * forgotten. What of the file cannot be stored is told by the admin API.
 * With `onWaiting`, which gets lines for people, it waits for a store that does not answer; else it gives up soon.
 */
export async function seedDefaultTenant(
  config: GatewayConfig,
  directory: DirectorySettings,
  firstKeyFile: string,
  onWaiting?: (line: string) => void,
): Promise<Secret> {
  const apiKey = await readOrCreateSecret(firstKeyFile, () => generateApiKey(randomBytes));
  if (readCredential({ 'x-api-key': apiKey.reveal() }).kind !== 'api-key') {
    throw new StartError(`${firstKeyFile} does not hold an API key. Remove it to get a new one.`);
  }
  const store = connectStore({ ...config.redis, keyPrefix: config.redisKeyPrefix, commandTimeoutMs });
  try {
    await (onWaiting === undefined ? store.whenReady(connectTimeoutMs) : waitForStore(store, config, onWaiting));
    await checkStore(store, config);
    const deps = { store, peppers: config.keyPeppers, clock: systemClock, randomBytes };
    // First: the default tenant may be one of the file, and then never has more than the file gives it.
    // The admin API waits for a lock that a killed process has left.
    await reconcile(deps, systemActor('start'), () => directory, { dryRun: false, prune: false, waitMs: 0 });
    await ensureTenant(deps, { id: tenant, name: 'Default', allowlist: { models: ['*'] } });
    const firstKey = { tenant, name: 'first key', apiKey, scopes: ['messages', 'batches', 'self'] } as const;
    const imported = await importApiKey(deps, systemActor('start'), firstKey);
    if (imported.kind === 'refused') {
      throw new StartError(
        `The API key in ${firstKeyFile} belongs to another tenant. Remove the file to get a new one.`,
      );
    }
    if (imported.value.outcome === 'revoked')
      throw new StartError(`The API key in ${firstKeyFile} was revoked. Remove the file to get a new one.`);
    return apiKey;
  } catch (thrown) {
    if (!(thrown instanceof StoreUnavailableError)) throw thrown;
    throw new StartError(`The store does not answer (${thrown.detail}). Check REDIS_URL.`);
  } finally {
    await store.close();
  }
}
