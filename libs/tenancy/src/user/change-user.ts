import type { Allowlist } from '../principal.ts';
import type { UserRecord } from '../records.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { announce } from '../verb/announce.ts';
import { beyondOwn, requireTenant } from '../verb/authorize.ts';
import { allowlistIssues, invalid, nameIssues, policiesIssues, sharingIssues } from '../verb/fields.ts';
import { isMadeId, levelsOf, loadTenant, missingPolicies } from '../verb/load.ts';
import type { LoadedTenant } from '../verb/load.ts';
import { readFields } from '../verb/read-fields.ts';
import { fileOwned, withState } from '../verb/ownership.ts';
import type { Refusal, Result } from '../verb/result.ts';
import { refused } from '../verb/result.ts';
import { runWrite } from '../verb/run-verb.ts';

interface UserName {
  readonly tenant: string;
  readonly id: string;
}

/** What is left out stays as it is. */
export interface UserChanges {
  readonly name?: string | undefined;
  /** Null: no allowlist of the user's own. */
  readonly allowlist?: Allowlist | null | undefined;
  readonly policies?: readonly string[] | undefined;
  /** Null: none. */
  readonly group?: string | null | undefined;
  readonly waitingWeight?: number | undefined;
}

/** Changes a user's name, allowlist, policies or place among others. */
export async function updateUser(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant, id, ...changes }: UserName & UserChanges,
): Promise<Result<UserRecord>> {
  return await change(deps, actor, { tenant, id, action: 'user.update', changes }, (user) => ({
    ...user,
    name: changes.name ?? user.name,
    allowlist: changes.allowlist === undefined ? user.allowlist : (changes.allowlist ?? undefined),
    policies: changes.policies ?? user.policies,
    group: changes.group === undefined ? user.group : (changes.group ?? undefined),
    waitingWeight: changes.waitingWeight ?? user.waitingWeight,
    origin: actor.origin,
  }));
}

/** Stops every credential of a user, on every replica. */
export async function suspendUser(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant, id }: UserName,
): Promise<Result<UserRecord>> {
  return await change(deps, actor, { tenant, id, action: 'user.suspend', changes: {} }, (user) =>
    withState(user, 'suspended', actor),
  );
}

/** Lets a suspended user go on. */
export async function resumeUser(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant, id }: UserName,
): Promise<Result<UserRecord>> {
  return await change(deps, actor, { tenant, id, action: 'user.resume', changes: {} }, (user) =>
    withState(user, 'active', actor),
  );
}

interface Deed extends UserName {
  readonly action: 'user.update' | 'user.suspend' | 'user.resume';
  readonly changes: UserChanges;
}

async function change(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant, id, action, changes }: Deed,
  apply: (user: UserRecord) => UserRecord,
): Promise<Result<UserRecord>> {
  const { store } = deps;
  const result = await runWrite(deps, actor, { action, tenant, subject: { kind: 'user', id } }, async () => {
    const { name, allowlist, policies, group, waitingWeight } = changes;
    const refusal =
      requireTenant(actor.principal, tenant, 'write') ??
      invalid(
        nameIssues(name),
        allowlistIssues(allowlist ?? undefined),
        policiesIssues(policies),
        sharingIssues(group ?? undefined, waitingWeight),
      );
    if (refusal !== undefined) return refused(refusal);
    const names = policies ?? (await loadTenant(store, tenant, { user: id }))?.user?.item.policies;
    const loaded = await loadTenant(store, tenant, { user: id, policies: names });
    if (loaded === undefined) return refused({ kind: 'unknown', subject: 'tenant' });
    if (loaded.user === undefined || !isMadeId(id)) return refused({ kind: 'unknown', subject: 'user' });
    const before = loaded.user.item;
    const after = apply(before);
    const judged =
      (action === 'user.update' ? fileOwned(actor, 'user', before) : undefined) ?? judge(actor, changes, after, loaded);
    if (judged !== undefined) return refused(judged);
    const users = store.redisKeys.users(tenant);
    const renaming = await planRenaming(deps, tenant, before, after);
    if (renaming === 'taken') return refused({ kind: 'taken', subject: 'user', path: ['name'] });
    return {
      kind: 'change',
      change: {
        checks: [{ key: users, field: id, value: loaded.user.text }, ...renaming.checks],
        writes: [{ kind: 'set', key: users, field: id, value: JSON.stringify(after) }, ...renaming.writes],
      },
      details: { ...changes },
      value: after,
    };
  });
  if (result.kind === 'done') await announce(store, { kind: 'user', tenant, id });
  return result;
}

function judge(actor: Actor, changes: UserChanges, after: UserRecord, loaded: LoadedTenant): Refusal | undefined {
  const { allowlist, policies } = changes;
  if (allowlist === undefined && policies === undefined) return undefined;
  const levels = {
    granted: levelsOf(after.allowlist, loaded.policies),
    stays: ({ of }: { readonly of: string }) => of === 'tenant',
  };
  const missing = policies === undefined ? [] : missingPolicies(policies, loaded);
  return invalid(missing) ?? beyondOwn(actor.principal, { levels });
}

/** A name changes its entry in the list of names, where two users cannot have the same. */
async function planRenaming({ store }: TenancyDependencies, tenant: string, before: UserRecord, after: UserRecord) {
  if (before.name === after.name) return { checks: [], writes: [] };
  const key = store.redisKeys.userNames(tenant);
  const [owner] = await readFields(store, [{ key, field: after.name }]);
  if (owner !== undefined) return 'taken';
  return {
    checks: [{ key, field: after.name, value: undefined }],
    writes: [
      { kind: 'unset', key, field: before.name },
      { kind: 'set', key, field: after.name, value: after.id },
    ],
  } as const;
}
