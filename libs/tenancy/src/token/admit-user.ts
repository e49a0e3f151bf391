import type { Store } from '@ccg/store';
import type { TokenClaims } from '../credentials/token/check-token.ts';
import { digestOfSubject } from '../credentials/digests.ts';
import type { UserRecord } from '../records.ts';
import { commit } from '../verb/commit.ts';
import { nameIssues } from '../verb/fields.ts';
import { memberOf } from '../verb/page.ts';
import { readFields } from '../verb/read-fields.ts';
import { groupOf } from './note-group.ts';

/**
 * Writes the record of a user whom an issuer vouches for, unless there is one. People know the user by the subject, and
 * by the id where that is no name or somebody else's.
 */
export async function admitUser(store: Store, claims: TokenClaims, nowMs: number): Promise<void> {
  const { redisKeys } = store;
  const { tenant, user: id, issuer, subject, groups } = claims;
  const at = new Date(nowMs).toISOString();
  const names = redisKeys.userNames(tenant);
  const ofUser = { key: redisKeys.users(tenant), field: id };
  const [owner] = await readFields(store, [{ key: names, field: subject }]);
  const isFree = owner === undefined && nameIssues(subject).length === 0;
  // Whoever takes the name in between leaves the id to this user.
  for (const name of isFree ? [subject, id] : [id]) {
    const nameCheck = { key: names, field: name };
    const item: UserRecord = {
      id,
      name,
      state: 'active',
      policies: [],
      identity: { issuer, subjectDigest: digestOfSubject(issuer, subject), group: groupOf(groups) },
      createdAt: at,
    };
    const outcome = await commit(store, redisKeys.audit(tenant), {
      checks: [
        { ...ofUser, value: undefined },
        { ...nameCheck, value: undefined },
      ],
      writes: [
        { kind: 'set', ...ofUser, value: JSON.stringify(item) },
        { kind: 'set', ...nameCheck, value: id },
        { kind: 'list', key: redisKeys.userList(tenant), member: memberOf(id, nowMs) },
      ],
      entry: {
        at,
        actor: { kind: 'token', tenant, user: id, issuer },
        action: 'user.create',
        tenant,
        subject: { kind: 'user', id },
        outcome: 'done',
        details: { name },
      },
    });
    if (outcome === 'done') return;
  }
}
