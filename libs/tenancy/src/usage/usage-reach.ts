import type { Principal } from '../principal.ts';
import type { TenantRecord } from '../records.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { holds, requireOperator, requireTenant } from '../verb/authorize.ts';
import { loadTenant } from '../verb/load.ts';
import { readFields } from '../verb/read-fields.ts';
import type { Result } from '../verb/result.ts';
import { done, refused } from '../verb/result.ts';
import { runRead } from '../verb/run-verb.ts';

/** Whose usage an actor may see. */
export type UsageReach =
  /** Of all tenants: an operator who named none. */
  | { readonly kind: 'all-tenants' }
  | { readonly kind: 'tenant'; readonly tenant: TenantRecord }
  /** Only their own: as a developer on all their credentials, as a service on its API key. */
  | { readonly kind: 'own'; readonly tenant: TenantRecord; readonly of: OwnUsage };

export type OwnUsage = { readonly user: string } | { readonly apiKey: string };

/**
 * Judges whose usage an actor may see: of the tenant that is named, else of their own tenant, or all tenants. With `own`
 * callers without the scope see theirs.
 */
export async function usageReach(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant: named, own = true }: { readonly tenant?: string | undefined; readonly own?: boolean },
): Promise<Result<UsageReach>> {
  const { principal } = actor;
  const tenant = named ?? (principal.kind === 'operator' ? undefined : principal.tenant);
  const deed = { action: 'usage.read', tenant: tenant ?? '*', subject: { kind: 'tenant', id: tenant ?? '*' } } as const;
  return await runRead<UsageReach>(deps, actor, deed, () => judgeReach(deps, actor, { tenant, own, access: 'read' }));
}

interface Asked {
  /** Undefined for all. */
  readonly tenant: string | undefined;
  /** Whether callers without the scope reach what is theirs. */
  readonly own: boolean;
  readonly access: 'read' | 'write';
}

/** Judges whose data an actor may see or change. What it denies is in no log yet. */
export async function judgeReach(
  { store }: Pick<TenancyDependencies, 'store'>,
  { principal }: Actor,
  { tenant, own, access }: Asked,
): Promise<Result<UsageReach>> {
  if (tenant === undefined) {
    const refusal = requireOperator(principal, access);
    return refusal === undefined ? done({ kind: 'all-tenants' }) : refused(refusal);
  }
  const refusal = requireTenant(principal, tenant, access);
  const of = refusal !== undefined && own ? ownUsage(principal) : undefined;
  if (refusal !== undefined && of === undefined) return refused(refusal);
  const isForeign = of !== undefined && principal.kind !== 'operator' && principal.tenant !== tenant;
  if (isForeign) return refused({ kind: 'unknown', subject: 'tenant' });
  const loaded = await loadTenant(store, tenant);
  if (loaded === undefined) return refused({ kind: 'unknown', subject: 'tenant' });
  const { item } = loaded.tenant;
  return done(of === undefined ? { kind: 'tenant', tenant: item } : { kind: 'own', tenant: item, of });
}

function ownUsage(principal: Principal): OwnUsage | undefined {
  if (principal.kind === 'operator' || !holds(principal, 'self')) return undefined;
  if (principal.user !== undefined) return { user: principal.user };
  return principal.kind === 'api-key' ? { apiKey: principal.apiKeyId } : undefined;
}

/** The names of users of a tenant, for people; a user who does not exist has none. */
export async function readUserNames(
  { store }: Pick<TenancyDependencies, 'store'>,
  tenant: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const key = store.redisKeys.users(tenant);
  const texts = await readFields(
    store,
    ids.map((field) => ({ key, field })),
  );
  return new Map(
    texts.flatMap((text, at) => {
      const id = ids[at];
      return text === undefined || id === undefined ? [] : [[id, nameIn(text)] as const];
    }),
  );
}

function nameIn(text: string): string {
  return (JSON.parse(text) as { readonly name: string }).name;
}
