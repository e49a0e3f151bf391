import type { Clock } from '@ccg/kernel';
import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';

const script = loadScript(new URL('./ensure-tenant.lua', import.meta.url));
const tenantShape = /^[a-z0-9][a-z0-9_-]{0,62}$/u;

/**
 * Creates a tenant unless one with that id exists; an existing one is not changed. `tenant` is the id: up to 63 of
 * a–z, 0–9, `-` and `_`, a letter or digit first, or RangeError; `name` is for people. Throws StoreUnavailableError.
 */
export async function ensureTenant(
  deps: { readonly store: Store; readonly clock: Clock },
  { tenant, name }: { readonly tenant: string; readonly name: string },
): Promise<'created' | 'present'> {
  if (!tenantShape.test(tenant)) {
    throw new RangeError('A tenant id is up to 63 of a-z, 0-9, "-" and "_", and begins with a letter or a digit.');
  }
  const createdAt = new Date(deps.clock.now()).toISOString();
  const outcome = await deps.store.run(script, [deps.store.redisKeys.tenant(tenant)], [name, createdAt]);
  return outcome === 'created' ? 'created' : 'present';
}

/** A verb named a tenant that does not exist. */
export class TenantUnknownError extends Error {
  override readonly name = 'TenantUnknownError';

  constructor(tenant: string) {
    super(`There is no tenant "${tenant}".`);
  }
}
