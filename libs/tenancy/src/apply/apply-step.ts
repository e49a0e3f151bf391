import { assertNever } from '@ccg/kernel';
import { importApiKey } from '../api-key/import.ts';
import { revokeApiKey } from '../api-key/revoke.ts';
import { updateApiKey } from '../api-key/update.ts';
import { putPolicy } from '../policy/put.ts';
import { removePolicy } from '../policy/remove.ts';
import type { ApiKeyOwner } from '../records.ts';
import { createTenant } from '../tenant/create.ts';
import { resumeTenant, suspendTenant } from '../tenant/set-tenant-state.ts';
import { updateTenant } from '../tenant/update.ts';
import { resumeUser, suspendUser, updateUser } from '../user/change-user.ts';
import { createUser } from '../user/create.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { readFields } from '../verb/read-fields.ts';
import type { Refusal, Result } from '../verb/result.ts';
import { refused } from '../verb/result.ts';
import type { DriftStep } from './drift.ts';

type StepOf<Kind extends DriftStep['kind']> = Extract<DriftStep, { readonly kind: Kind }>;

/** Makes one change by the verb for it, which writes the audit log and tells the replicas. */
export async function applyStep(deps: TenancyDependencies, actor: Actor, step: DriftStep): Promise<Result<unknown>> {
  switch (step.kind) {
    case 'tenant':
      return await applyTenant(deps, actor, step);
    case 'policy':
      return await applyPolicy(deps, actor, step);
    case 'user':
      return await applyUser(deps, actor, step);
    case 'api-key':
      return await applyApiKey(deps, actor, step);
    default:
      return assertNever(step);
  }
}

async function applyTenant(deps: TenancyDependencies, actor: Actor, step: StepOf<'tenant'>): Promise<Result<unknown>> {
  const { tenant } = step;
  switch (step.action) {
    case 'create':
      return await createTenant(deps, actor, step.wanted);
    case 'update': {
      const { name, allowlist, policies, limits = null, timeZone = null, contact = null } = step.wanted;
      const { waitingWeight = 1 } = step.wanted;
      const settings = { name, allowlist, policies, limits, timeZone, contact, waitingWeight };
      return await updateTenant(deps, actor, { tenant, ...settings });
    }
    case 'suspend':
      return await suspendTenant(deps, actor, { tenant });
    case 'resume':
      return await resumeTenant(deps, actor, { tenant });
    default:
      return assertNever(step);
  }
}

async function applyPolicy(deps: TenancyDependencies, actor: Actor, step: StepOf<'policy'>): Promise<Result<unknown>> {
  const { tenant, id: name } = step;
  if (step.action === 'remove') return await removePolicy(deps, actor, { tenant, name });
  return await putPolicy(deps, actor, { tenant, name, allowlist: step.wanted.allowlist });
}

async function applyUser(deps: TenancyDependencies, actor: Actor, step: StepOf<'user'>): Promise<Result<unknown>> {
  const { tenant, id } = step;
  switch (step.action) {
    case 'create':
      return await createUser(deps, actor, { tenant, ...step.wanted });
    case 'update': {
      const { allowlist = null, policies, group = null, waitingWeight = 1 } = step.wanted;
      return await updateUser(deps, actor, { tenant, id, allowlist, policies, group, waitingWeight });
    }
    case 'suspend':
      return await suspendUser(deps, actor, { tenant, id });
    case 'resume':
      return await resumeUser(deps, actor, { tenant, id });
    default:
      return assertNever(step);
  }
}

async function applyApiKey(deps: TenancyDependencies, actor: Actor, step: StepOf<'api-key'>): Promise<Result<unknown>> {
  const { tenant, id } = step;
  if (step.action === 'revoke') return await revokeApiKey(deps, actor, { tenant, id });
  const { owner: ownerName, ...settings } = step.wanted;
  const owner = await ownerOf(deps, tenant, ownerName);
  if (owner === undefined) return refused({ kind: 'unknown', subject: 'user' });
  const input = { tenant, ...settings, owner };
  // Of one that is there, it completes what broke off: the index entry, or the digest under a new pepper.
  const imported = await importApiKey(deps, actor, input);
  const isComplete = step.fields?.every((field) => field === 'digest') ?? true;
  if (imported.kind === 'refused' || isComplete) return imported;
  return await updateApiKey(deps, actor, { ...input, id });
}

/** The user may have been created a moment ago. */
async function ownerOf(
  { store }: TenancyDependencies,
  tenant: string,
  name: string | undefined,
): Promise<ApiKeyOwner | undefined> {
  if (name === undefined) return { kind: 'service' };
  const [id] = await readFields(store, [{ key: store.redisKeys.userNames(tenant), field: name }]);
  return id === undefined ? undefined : { kind: 'user', id };
}

/** Why a change was refused, for people. */
export function sayRefusal(refusal: Refusal): string {
  switch (refusal.kind) {
    case 'invalid':
    case 'beyond-actor':
      return refusal.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    case 'taken':
      return refusal.subject === 'api-key'
        ? 'It belongs to another tenant. Make a new API key for this one.'
        : 'Somebody else took the name meanwhile. Apply again.';
    case 'unknown':
      return `Its ${refusal.subject} does not exist. See what else was not applied, and apply again.`;
    case 'not-rotatable':
    case 'scope-missing':
    case 'file-owned':
      return `It was refused (${refusal.kind}). Apply again.`;
    default:
      return assertNever(refusal);
  }
}
