import type { Allowlist } from '../principal.ts';
import type { PolicyRecord } from '../records.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { announce } from '../verb/announce.ts';
import { beyondOwn, requireTenant } from '../verb/authorize.ts';
import { allowlistIssues, idIssues, invalid } from '../verb/fields.ts';
import { loadTenant } from '../verb/load.ts';
import { fileOwned } from '../verb/ownership.ts';
import type { Result } from '../verb/result.ts';
import { refused } from '../verb/result.ts';
import { runWrite } from '../verb/run-verb.ts';

export interface PolicyName {
  readonly tenant: string;
  readonly name: string;
}

/** Creates a policy or replaces its allowlist, for all who have it at once. */
export async function putPolicy(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant, name, allowlist }: PolicyName & { readonly allowlist: Allowlist },
): Promise<Result<PolicyRecord>> {
  const { store, clock } = deps;
  const deed = { action: 'policy.put', tenant, subject: { kind: 'policy', id: name } } as const;
  const result = await runWrite(deps, actor, deed, async () => {
    const refusal =
      requireTenant(actor.principal, tenant, 'write') ??
      invalid(idIssues('name', name), allowlistIssues(allowlist)) ??
      // Whoever has the policy may be the tenant itself, so no level can be counted on to stay.
      beyondOwn(actor.principal, { levels: { granted: [allowlist], stays: () => false } });
    if (refusal !== undefined) return refused(refusal);
    const loaded = await loadTenant(store, tenant, { policies: [name] });
    if (loaded === undefined) return refused({ kind: 'unknown', subject: 'tenant' });
    const [before] = loaded.policies;
    const owned = fileOwned(actor, 'policy', before?.item);
    if (owned !== undefined) return refused(owned);
    const createdAt = before?.item.createdAt ?? new Date(clock.now()).toISOString();
    const item: PolicyRecord = { name, allowlist, createdAt, origin: actor.origin };
    const key = store.redisKeys.policies(tenant);
    return {
      kind: 'change',
      change: {
        checks: [{ key, field: name, value: before?.text }],
        writes: [
          { kind: 'set', key, field: name, value: JSON.stringify(item) },
          { kind: 'list', key: store.redisKeys.policyList(tenant), member: name },
        ],
      },
      details: { allowlist },
      value: item,
    };
  });
  if (result.kind === 'done') await announce(store, { kind: 'tenant', tenant });
  return result;
}
