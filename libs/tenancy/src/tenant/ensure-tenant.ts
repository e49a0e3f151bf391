import type { Clock } from '@ccg/kernel';
import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';

const script = loadScript(new URL('./ensure-tenant.lua', import.meta.url));
const tenantShape = /^[a-z0-9][a-z0-9_-]{0,62}$/u;

/**
 * Makes a tenant where there is none of that id; one that is there stays as it is. `tenant` is the id: up to 63 of
 * a–z, 0–9, `-` and `_`, a letter or digit first, or RangeError; `name` is for people.
 */
export async function ensureTenant(
  deps: { readonly store: Store; readonly clock: Clock },
  { tenant, name }: { readonly tenant: string; readonly name: string },
): Promise<'created' | 'present'> {
  if (!tenantShape.test(tenant)) {
    throw new RangeError('A tenant id is up to 63 of a-z, 0-9, "-" and "_", and begins with a letter or digit.');
  }
  const createdAt = new Date(deps.clock.now()).toISOString();
  const outcome = await deps.store.run(script, [deps.store.redisKeys.tenant(tenant)], [name, createdAt]);
  return outcome === 'created' ? 'created' : 'present';
}
