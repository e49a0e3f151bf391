import { randomBytes, randomUUID } from 'node:crypto';

import { Secret, systemClock } from '@ccg/kernel';
import { connectStore } from '@ccg/store';
import { createApiKey, ensureTenant, systemActor } from '@ccg/tenancy';
import type { TenancyDependencies } from '@ccg/tenancy';
import { doneValue, findLeaks, redisForSuite, startGateway, startScriptedUpstream } from '@ccg/testkit';
import type { GatewayProcess, ScriptedUpstream } from '@ccg/testkit';

/** A gateway with a tenant of its own, and one scripted upstream behind both of its providers. */
export interface Suite {
  readonly gateway: GatewayProcess;
  readonly upstream: ScriptedUpstream;
  readonly tenant: string;
  readonly apiKey: string;
  readonly apiKeyId: string;
  readonly pepper: string;
  /** The gateway's own credentials at its providers. */
  readonly providerKeys: { readonly openai: string; readonly anthropic: string };
  /** The gateway's environment: with it another replica can be started. */
  readonly env: Readonly<Record<string, string>>;
  /** For the verbs of tenancy, on the store of the gateway. */
  readonly tenancy: TenancyDependencies;
  /** Issues one more API key to the tenant. */
  issueApiKey(name: string): Promise<string>;
  close(): Promise<void>;
}

/**
 * Starts everything that a suite needs; `env` is added to the gateway's environment. `reachRedis` may put something
 * between the gateway and Redis: it gets the URL and gives the one for the gateway.
 */
export async function startSuite(
  name: string,
  env: Readonly<Record<string, string>>,
  reachRedis: (url: string) => Promise<string> = (url) => Promise.resolve(url),
): Promise<Suite> {
  const redis = redisForSuite(name);
  const pepper = randomBytes(32).toString('hex');
  const providerKeys = { openai: `sk-openai-${randomUUID()}`, anthropic: `sk-anthropic-${randomUUID()}` };
  const upstream = await startScriptedUpstream();
  const keys = await createTenant(redis, pepper);
  const gatewayEnv = {
    REDIS_URL: await reachRedis(redis.url),
    REDIS_KEY_PREFIX: redis.keyPrefix,
    KEY_PEPPER: pepper,
    OPENAI_API_KEY: providerKeys.openai,
    OPENAI_BASE_URL: `${upstream.url}/v1`,
    ANTHROPIC_API_KEY: providerKeys.anthropic,
    ANTHROPIC_API_BASE: upstream.url,
    PREFERRED_PROVIDER: 'openai',
    // Claude's names pass where Anthropic is preferred.
    ...(env['PREFERRED_PROVIDER'] === 'anthropic' ? {} : { BIG_MODEL: 'gpt-4.1', SMALL_MODEL: 'gpt-4.1-mini' }),
    ...env,
  };
  const gateway = await startGateway(gatewayEnv);
  const first = await keys.issue('first');
  const apiKeys = [first.apiKey];
  return {
    gateway,
    upstream,
    tenant: keys.tenant,
    apiKey: first.apiKey,
    apiKeyId: first.id,
    pepper,
    providerKeys,
    env: gatewayEnv,
    tenancy: keys.tenancy,
    async issueApiKey(keyName) {
      const { apiKey } = await keys.issue(keyName);
      apiKeys.push(apiKey);
      return apiKey;
    },
    async close() {
      const metrics = await metricsOf(gateway);
      const violations = metrics.split('\n').filter((line) => line.startsWith('ccg_stream_grammar_violations_total{'));
      const secrets = [pepper, ...Object.values(providerKeys), ...apiKeys];
      const leaks = findLeaks(gateway.output() + metrics, secrets, upstream.requests);
      await gateway.stop();
      await upstream.close();
      await keys.close();
      if (violations.length > 0) throw new Error(`Streams broke their grammar: ${violations.join(', ')}`);
      if (leaks.length > 0) throw new Error(`The log or the metrics hold what they must not: ${leaks.join(', ')}`);
    },
  };
}

/** Every suite asks, so that no stream of any of them can break the grammar unseen. One that stopped its gateway cannot. */
async function metricsOf({ opsUrl }: GatewayProcess): Promise<string> {
  const response = await fetch(`${opsUrl}/metrics`).catch(() => undefined);
  return (await response?.text()) ?? '';
}

interface TenantKeys {
  readonly tenant: string;
  readonly tenancy: TenancyDependencies;
  issue(name: string): Promise<{ readonly apiKey: string; readonly id: string }>;
  close(): Promise<void>;
}

async function createTenant(
  redis: { readonly url: string; readonly keyPrefix: string },
  pepper: string,
): Promise<TenantKeys> {
  const tenant = `team-${randomUUID().slice(0, 8)}`;
  const store = connectStore({ url: redis.url, keyPrefix: redis.keyPrefix, commandTimeoutMs: 10_000 });
  await store.whenReady(10_000);
  const peppers = { current: new Secret(pepper), previous: [] };
  const deps = { store, clock: systemClock, peppers, randomBytes };
  await ensureTenant(deps, { id: tenant, name: 'A team', allowlist: { models: ['*'] } });
  return {
    tenant,
    tenancy: deps,
    async issue(name) {
      const { apiKey, record } = doneValue(await createApiKey(deps, systemActor('suite'), { tenant, name }));
      return { apiKey: apiKey.reveal(), id: record.id };
    },
    close: () => store.close(),
  };
}
