import type { Allowlist, Limits } from '../principal.ts';
import type { TenantRecord } from '../records.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { requireOperator } from '../verb/authorize.ts';
import {
  allowlistIssues,
  contactIssues,
  idIssues,
  invalid,
  limitsIssues,
  nameIssues,
  policiesIssues,
  timeZoneIssues,
  waitingWeightIssues,
} from '../verb/fields.ts';
import { loadTenant } from '../verb/load.ts';
import type { Result } from '../verb/result.ts';
import { refused } from '../verb/result.ts';
import { runWrite } from '../verb/run-verb.ts';
import { tenantCheck, tenantWrite } from './tenant-record.ts';

export interface NewTenant {
  /** Up to 63 of a–z, 0–9, `-` and `_`, a letter or digit first. */
  readonly id: string;
  readonly name: string;
  /** Has no default: who wants to allow everything writes `*`. */
  readonly allowlist: Allowlist;
  readonly limits?: Limits | undefined;
  /** UTC unless given. */
  readonly timeZone?: string | undefined;
  /** Whom the gateway's configuration names unless given. */
  readonly contact?: string | undefined;
  /** From 1 to 100; 1 unless given. */
  readonly waitingWeight?: number | undefined;
  /** There are none yet: until they are all put, the tenant may use nothing. */
  readonly policies?: readonly string[] | undefined;
}

/** Creates a tenant. For operators. */
export async function createTenant(
  deps: TenancyDependencies,
  actor: Actor,
  { id, name, allowlist, limits, timeZone, contact, waitingWeight, policies = [] }: NewTenant,
): Promise<Result<TenantRecord>> {
  const { store, clock } = deps;
  const deed = { action: 'tenant.create', tenant: id, subject: { kind: 'tenant', id } } as const;
  return await runWrite(deps, actor, deed, async () => {
    const refusal =
      requireOperator(actor.principal, 'write') ??
      invalid(
        idIssues('id', id),
        nameIssues(name),
        allowlistIssues(allowlist),
        limitsIssues(limits),
        timeZoneIssues(timeZone),
        contactIssues(contact),
        waitingWeightIssues(waitingWeight),
        policiesIssues(policies),
      );
    if (refusal !== undefined) return refused(refusal);
    // First, so that no tenant can exist without being listed; an id in the list without a tenant is passed over.
    await store.command('zadd', [store.redisKeys.tenantList(), 0, id]);
    if ((await loadTenant(store, id)) !== undefined) {
      return refused({ kind: 'taken', subject: 'tenant', path: ['id'] });
    }
    const createdAt = new Date(clock.now()).toISOString();
    const { origin } = actor;
    const settings = { name, allowlist, limits, timeZone, contact, waitingWeight, policies };
    const item: TenantRecord = { id, state: 'active', ...settings, createdAt, origin };
    const change = { checks: [tenantCheck(store, id, undefined)], writes: [tenantWrite(store, item)] };
    return { kind: 'change', change, details: settings, value: item };
  });
}
