import type { Allowlist, Limits } from '../principal.ts';
import type { TenantRecord } from '../records.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { announce } from '../verb/announce.ts';
import { beyondOwn, requireTenant } from '../verb/authorize.ts';
import type { Grant } from '../verb/authorize.ts';
import {
  allowlistIssues,
  contactIssues,
  invalid,
  limitsIssues,
  nameIssues,
  policiesIssues,
  timeZoneIssues,
  waitingWeightIssues,
} from '../verb/fields.ts';
import { levelsOf, loadTenant, missingPolicies } from '../verb/load.ts';
import { fileOwned } from '../verb/ownership.ts';
import type { Result } from '../verb/result.ts';
import { refused } from '../verb/result.ts';
import { runWrite } from '../verb/run-verb.ts';
import { tenantCheck, tenantWrite } from './tenant-record.ts';

/** What is left out stays as it is. */
export interface TenantChanges {
  readonly name?: string | undefined;
  readonly allowlist?: Allowlist | undefined;
  readonly policies?: readonly string[] | undefined;
  /** Null: the default of the gateway's configuration. */
  readonly limits?: Limits | null | undefined;
  /** Null: UTC. */
  readonly timeZone?: string | null | undefined;
  /** Null: whom the gateway's configuration names. */
  readonly contact?: string | null | undefined;
  readonly waitingWeight?: number | undefined;
}

/** Changes a tenant. Its own administrators can only narrow what it may use. */
export async function updateTenant(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant, ...changes }: TenantChanges & { readonly tenant: string },
): Promise<Result<TenantRecord>> {
  const { store } = deps;
  const deed = { action: 'tenant.update', tenant, subject: { kind: 'tenant', id: tenant } } as const;
  const result = await runWrite(deps, actor, deed, async () => {
    const { name, allowlist, policies, limits, timeZone, contact, waitingWeight } = changes;
    const refusal =
      requireTenant(actor.principal, tenant, 'write') ??
      invalid(
        nameIssues(name),
        allowlistIssues(allowlist),
        policiesIssues(policies),
        limitsIssues(limits ?? undefined),
        timeZoneIssues(timeZone ?? undefined),
        contactIssues(contact ?? undefined),
        waitingWeightIssues(waitingWeight),
      );
    if (refusal !== undefined) return refused(refusal);
    const current = (await loadTenant(store, tenant))?.tenant.item;
    const names = policies ?? current?.policies ?? [];
    const loaded = await loadTenant(store, tenant, { policies: names });
    if (loaded === undefined) return refused({ kind: 'unknown', subject: 'tenant' });
    const item = { ...apply(loaded.tenant.item, changes), origin: actor.origin };
    const judged =
      fileOwned(actor, 'tenant', loaded.tenant.item) ??
      invalid(policies === undefined ? [] : missingPolicies(policies, loaded)) ??
      beyondOwn(actor.principal, grantOf(changes, levelsOf(item.allowlist, loaded.policies), item, loaded.tenant.item));
    if (judged !== undefined) return refused(judged);
    const change = { checks: [tenantCheck(store, tenant, loaded.tenant)], writes: [tenantWrite(store, item)] };
    return { kind: 'change', change, details: { ...changes }, value: item };
  });
  if (result.kind === 'done') await announce(store, { kind: 'tenant', tenant });
  return result;
}

function apply(item: TenantRecord, changes: TenantChanges): TenantRecord {
  const { name, allowlist, policies, limits, timeZone, contact, waitingWeight } = changes;
  return {
    ...item,
    name: name ?? item.name,
    allowlist: allowlist ?? item.allowlist,
    policies: policies ?? item.policies,
    limits: changed(item.limits, limits),
    timeZone: changed(item.timeZone, timeZone),
    contact: changed(item.contact, contact),
    waitingWeight: waitingWeight ?? item.waitingWeight,
  };
}

/** Null takes a value away, and what was left out stays. */
function changed<Value>(before: Value | undefined, after: Value | null | undefined): Value | undefined {
  return after === undefined ? before : (after ?? undefined);
}

function grantOf(
  changes: TenantChanges,
  granted: readonly Allowlist[],
  item: TenantRecord,
  before: TenantRecord,
): Grant {
  const touchesList = changes.allowlist !== undefined || changes.policies !== undefined;
  return {
    // The levels of its users and API keys are not touched.
    ...(touchesList ? { levels: { granted, stays: ({ of }: { readonly of: string }) => of !== 'tenant' } } : {}),
    ...(changes.limits === undefined ? {} : { limits: { granted: item.limits } }),
    ...(changes.timeZone === undefined ? {} : { timeZone: item.timeZone ?? 'UTC' }),
    waitingWeight: { from: before.waitingWeight ?? 1, to: item.waitingWeight ?? 1 },
  };
}
