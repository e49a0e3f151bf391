import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import type { Result } from '../verb/result.ts';
import { auditLine, runRead } from '../verb/run-verb.ts';
import type { AuditLine } from '../verb/run-verb.ts';
import { judgeReach } from '../usage/usage-reach.ts';
import type { UsageReach } from '../usage/usage-reach.ts';

/** What is to be done with batches. */
export interface BatchDeed {
  readonly verb: 'read' | 'cancel';
  /** Undefined: the actor's own tenant, or all of them for an operator. */
  readonly tenant: string | undefined;
  /** Undefined for a list. */
  readonly batch: string | undefined;
}

/** What an actor may do it to, and the audit line of a tenant for when it is done. */
export interface BatchGrant {
  readonly reach: UsageReach;
  lineOf(this: void, tenant: string): AuditLine;
}

/**
 * Runs a verb on batches for who may do it: administrators of the tenant, operators, and their owner with the scope
 * `self`. What is denied, also by the verb, is written into the audit log.
 */
export async function runBatchVerb<Value>(
  deps: Pick<TenancyDependencies, 'store' | 'clock'>,
  actor: Actor,
  { verb, tenant: named, batch }: BatchDeed,
  run: (grant: BatchGrant) => Promise<Result<Value>>,
): Promise<Result<Value>> {
  const { principal } = actor;
  const tenant = named ?? (principal.kind === 'operator' ? undefined : principal.tenant);
  const subject = { kind: 'batch', id: batch ?? '*' } as const;
  const deed = { action: `batch.${verb}`, tenant: tenant ?? '*', subject } as const;
  return await runRead(deps, actor, deed, async () => {
    const access = verb === 'read' ? 'read' : 'write';
    const reach = await judgeReach(deps, actor, { tenant, own: true, access });
    if (reach.kind === 'refused') return reach;
    const lineOf = (id: string) => auditLine(deps, actor, { ...deed, tenant: id });
    return await run({ reach: reach.value, lineOf });
  });
}
