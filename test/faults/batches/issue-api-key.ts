import { randomBytes } from 'node:crypto';
import { Secret, systemClock } from '@ccg/kernel';
import type { LimitRule } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import { createApiKey, createTenant, systemActor } from '@ccg/tenancy';
import { doneValue } from '@ccg/testkit';

/** Makes a tenant that may use every model, and gives an API key of it, for messages and batches. */
export async function issueApiKey(
  store: Store,
  pepper: string,
  { tenant, limits }: { readonly tenant: string; readonly limits: readonly LimitRule[] },
): Promise<string> {
  const peppers = { current: new Secret(pepper), previous: [] };
  const deps = { store, clock: systemClock, peppers, randomBytes };
  const actor = systemActor('test');
  doneValue(await createTenant(deps, actor, { id: tenant, name: tenant, allowlist: { models: ['*'] }, limits }));
  const made = await createApiKey(deps, actor, { tenant, name: 'test', scopes: ['messages', 'batches'] });
  return doneValue(made).apiKey.reveal();
}
