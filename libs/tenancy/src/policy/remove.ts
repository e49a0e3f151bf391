import type { PolicyRecord } from '../records.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { announce } from '../verb/announce.ts';
import { requireTenant } from '../verb/authorize.ts';
import { loadTenant } from '../verb/load.ts';
import { fileOwned } from '../verb/ownership.ts';
import type { Result } from '../verb/result.ts';
import { refused } from '../verb/result.ts';
import { runWrite } from '../verb/run-verb.ts';
import type { PolicyName } from './put.ts';

/** Removes a policy. Who still has it may use nothing until it is taken from them, or exists again. */
export async function removePolicy(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant, name }: PolicyName,
): Promise<Result<PolicyRecord>> {
  const { store } = deps;
  const deed = { action: 'policy.remove', tenant, subject: { kind: 'policy', id: name } } as const;
  const result = await runWrite(deps, actor, deed, async () => {
    const refusal = requireTenant(actor.principal, tenant, 'write');
    if (refusal !== undefined) return refused(refusal);
    const loaded = await loadTenant(store, tenant, { policies: [name] });
    if (loaded === undefined) return refused({ kind: 'unknown', subject: 'tenant' });
    const [before] = loaded.policies;
    if (before === undefined) return refused({ kind: 'unknown', subject: 'policy' });
    const owned = fileOwned(actor, 'policy', before.item);
    if (owned !== undefined) return refused(owned);
    const key = store.redisKeys.policies(tenant);
    return {
      kind: 'change',
      change: {
        checks: [{ key, field: name, value: before.text }],
        writes: [
          { kind: 'unset', key, field: name },
          { kind: 'unlist', key: store.redisKeys.policyList(tenant), member: name },
        ],
      },
      value: before.item,
    };
  });
  if (result.kind === 'done') await announce(store, { kind: 'tenant', tenant });
  return result;
}
