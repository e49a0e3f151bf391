import { randomBytes, randomUUID } from 'node:crypto';
import { Secret, systemClock } from '@ccg/kernel';
import type { Clock, LimitRule } from '@ccg/kernel';
import { connectStore } from '@ccg/store';
import type { ConnectionTarget, Store } from '@ccg/store';
import { createApiKey, createApiKeyVerifier, createTenant, systemActor } from '@ccg/tenancy';
import type { Actor, Allowlist, ApiKeyVerifier, NewApiKey, Peppers, Result, TenancyDependencies } from '@ccg/tenancy';
import { createManualClock, doneValue, redisForSuite, startTargetProxy } from '@ccg/testkit';
import type { ManualClock, TargetProxy } from '@ccg/testkit';

export const patienceMs = 10_000;
export const name = 'for tests';
export const root = systemActor('test');
const defaultLimits: readonly LimitRule[] = [{ level: 'tenant', kind: 'requests', amount: 60, per: 'minute' }];
export const defaults = { limits: defaultLimits, contact: 'the operators' };

/** A store with a prefix of its own, and what the tests of tenancy do with it. */
export interface TenancyRig {
  /** Reaches Redis whatever the proxy does. */
  readonly store: Store;
  readonly proxy: TargetProxy;
  readonly keyPrefix: string;
  deps(peppers?: Peppers, clock?: Clock): TenancyDependencies;
  openStore(target?: ConnectionTarget): Promise<Store>;
  openVerifier(through?: Store, clock?: Clock, changes?: Partial<VerifierChanges>): ApiKeyVerifier;
  /** A verifier on a connection that can be cut, with time in the test's hands. */
  openFallibleVerifier(changes?: Partial<VerifierChanges>): Promise<{ verifier: ApiKeyVerifier; clock: ManualClock }>;
  newTenant(allowlist?: Allowlist): Promise<string>;
  newApiKey(key: Partial<NewApiKey> & { readonly tenant: string }): Promise<{ apiKey: Secret; id: string }>;
  close(): Promise<void>;
}

interface VerifierChanges {
  readonly maxEntries: number;
  readonly peppers: Peppers;
}

export function peppersOf(current: string, ...previous: readonly string[]): Peppers {
  return { current: new Secret(current), previous: previous.map((pepper) => new Secret(pepper)) };
}

const usualPeppers = peppersOf('a pepper of this suite');

export async function openTenancyRig(): Promise<TenancyRig> {
  const redis = redisForSuite('tenancy');
  const { keyPrefix } = redis;
  const proxy = await startTargetProxy(redis);
  const opened: { close(): unknown }[] = [];

  async function openStore(target = redis.target): Promise<Store> {
    const one = connectStore({ ...target, keyPrefix, commandTimeoutMs: 2000 });
    opened.push(one);
    await one.whenReady(patienceMs);
    return one;
  }
  const store = await openStore();
  const deps: TenancyRig['deps'] = (peppers = usualPeppers, clock = systemClock) => ({
    store,
    peppers,
    clock,
    randomBytes,
  });
  const openVerifier: TenancyRig['openVerifier'] = (through = store, clock = systemClock, changes = {}) => {
    const { maxEntries = 100, peppers = usualPeppers } = changes;
    const times = { cacheMs: 5000, staleMs: 60_000 };
    const verifier = createApiKeyVerifier({ store: through, peppers, clock, defaults, ...times, maxEntries });
    opened.push(verifier);
    return verifier;
  };
  return {
    store,
    proxy,
    keyPrefix,
    deps,
    openStore,
    openVerifier,
    async openFallibleVerifier(changes) {
      const clock = createManualClock();
      const through = await openStore(proxy.target);
      const verifier = openVerifier(through, clock, changes);
      // Commands of one connection are answered in order, so the verifier's own subscription is active with this one.
      await through.subscribe(store.redisKeys.authorizationChanges(), () => {}).active;
      return { verifier, clock };
    },
    async newTenant(allowlist = { models: ['*'] }) {
      const id = `t-${randomUUID()}`;
      doneValue(await createTenant(deps(), root, { id, name, allowlist }));
      return id;
    },
    async newApiKey(key) {
      const { apiKey, record } = doneValue(await createApiKey(deps(), root, { name, ...key }));
      return { apiKey, id: record.id };
    },
    async close() {
      for (const one of opened.splice(0).toReversed()) await one.close();
      await proxy.close();
    },
  };
}

/** Somebody who shows this API key. */
export async function actorOf(verifier: ApiKeyVerifier, apiKey: Secret): Promise<Actor> {
  const verification = await verifier.verify(apiKey);
  if (verification.kind !== 'verified') throw new Error(`The API key is ${verification.kind}.`);
  return { principal: verification.principal, requestId: 'req_test' };
}

export function refusalOf(result: Result<unknown>): unknown {
  return result.kind === 'refused' ? result.refusal : result;
}
