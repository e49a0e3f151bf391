import type { Allowlist } from '../principal.ts';
import type { UserRecord } from '../records.ts';
import { randomBase62 } from '../credentials/api-key-format.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { beyondOwn, requireTenant } from '../verb/authorize.ts';
import { allowlistIssues, invalid, nameIssues, policiesIssues, sharingIssues } from '../verb/fields.ts';
import { levelsOf, loadTenant, missingPolicies } from '../verb/load.ts';
import { memberOf } from '../verb/page.ts';
import { readFields } from '../verb/read-fields.ts';
import type { Result } from '../verb/result.ts';
import { refused } from '../verb/result.ts';
import { runWrite } from '../verb/run-verb.ts';

export interface NewUser {
  readonly tenant: string;
  /** For people; no other user of the tenant may have it. */
  readonly name: string;
  readonly allowlist?: Allowlist | undefined;
  readonly policies?: readonly string[] | undefined;
  /** Up to 63 of a–z, 0–9, `-` and `_`, a letter or digit first. Nobody's unless given. */
  readonly group?: string | undefined;
  /** From 1 to 100; 1 unless given. */
  readonly waitingWeight?: number | undefined;
}

/** Creates a user, who can then own API keys. */
export async function createUser(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant, name, allowlist, policies = [], group, waitingWeight }: NewUser,
): Promise<Result<UserRecord>> {
  const { store, clock, randomBytes } = deps;
  const { redisKeys } = store;
  const deed = { action: 'user.create', tenant, subject: { kind: 'user', id: name } } as const;
  return await runWrite(deps, actor, deed, async () => {
    const refusal =
      requireTenant(actor.principal, tenant, 'write') ??
      invalid(
        nameIssues(name),
        allowlistIssues(allowlist),
        policiesIssues(policies),
        sharingIssues(group, waitingWeight),
      );
    if (refusal !== undefined) return refused(refusal);
    const loaded = await loadTenant(store, tenant, { policies });
    if (loaded === undefined) return refused({ kind: 'unknown', subject: 'tenant' });
    const levels = { granted: levelsOf(allowlist, loaded.policies), stays: isOfTenant };
    const judged = invalid(missingPolicies(policies, loaded)) ?? beyondOwn(actor.principal, { levels });
    if (judged !== undefined) return refused(judged);
    const nameCheck = { key: redisKeys.userNames(tenant), field: name };
    const [owner] = await readFields(store, [nameCheck]);
    if (owner !== undefined) return refused({ kind: 'taken', subject: 'user', path: ['name'] });
    const id = `usr_${randomBase62(idLength, randomBytes)}`;
    const nowMs = clock.now();
    const createdAt = new Date(nowMs).toISOString();
    const { origin } = actor;
    const settings = { name, allowlist, policies, group, waitingWeight };
    const item: UserRecord = { id, state: 'active', ...settings, createdAt, origin };
    const change = {
      checks: [{ ...nameCheck, value: undefined }],
      writes: [
        { kind: 'set', key: redisKeys.users(tenant), field: id, value: JSON.stringify(item) },
        { kind: 'set', ...nameCheck, value: id },
        { kind: 'list', key: redisKeys.userList(tenant), member: memberOf(id, nowMs) },
      ],
    } as const;
    return { kind: 'change', change, subjectId: id, details: settings, value: item };
  });
}

const idLength = 20;

/** The levels of the tenant go on restricting its users. */
function isOfTenant({ of }: { readonly of: string }): boolean {
  return of === 'tenant';
}
