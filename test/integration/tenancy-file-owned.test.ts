import { randomBytes, randomUUID } from 'node:crypto';
import {
  createTenant,
  createUser,
  fileActor,
  generateApiKey,
  getApiKey,
  getTenant,
  getUser,
  importApiKey,
  listApiKeys,
  putLimit,
  putPolicy,
  readAudit,
  removePolicy,
  resumeTenant,
  resumeUser,
  revokeApiKey,
  rotateApiKey,
  suspendTenant,
  suspendUser,
  updateApiKey,
  updateTenant,
  updateUser,
} from '@ccg/tenancy';
import type { Actor } from '@ccg/tenancy';
import { doneValue } from '@ccg/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { actorOf, name, openTenancyRig, patienceMs, refusalOf, root } from './support/tenancy-rig.ts';
import type { TenancyRig } from './support/tenancy-rig.ts';

let rig: TenancyRig;

beforeEach(async () => {
  rig = await openTenancyRig();
});

afterEach(async () => {
  await rig.close();
});

const file = fileActor('req_file');
const all = { models: ['*'] };
const cap = { level: 'tenant', kind: 'concurrency', amount: 5 } as const;

/** A tenant with a policy, a user and an API key, all written by one actor. */
async function tenantBy(actor: Actor) {
  const deps = rig.deps();
  const tenant = `t-${randomUUID()}`;
  doneValue(await createTenant(deps, actor, { id: tenant, name, allowlist: all }));
  doneValue(await putPolicy(deps, actor, { tenant, name: 'small', allowlist: all }));
  const user = doneValue(await createUser(deps, actor, { tenant, name: 'ada' })).id;
  const apiKey = generateApiKey(randomBytes);
  const owner = { kind: 'user', id: user } as const;
  const { id } = doneValue(await importApiKey(deps, actor, { tenant, name, owner, apiKey }));
  return { tenant, user, id, apiKey };
}

/** Every change that a suspension or a revocation is not. */
function changesOf({ tenant, user, id }: { readonly tenant: string; readonly user: string; readonly id: string }) {
  const deps = rig.deps();
  return [
    ['tenant', (actor: Actor) => updateTenant(deps, actor, { tenant, name: 'other' })],
    ['user', (actor: Actor) => updateUser(deps, actor, { tenant, id: user, policies: ['small'] })],
    ['policy', (actor: Actor) => putPolicy(deps, actor, { tenant, name: 'small', allowlist: { models: ['x'] } })],
    ['policy', (actor: Actor) => removePolicy(deps, actor, { tenant, name: 'small' })],
    ['api-key', (actor: Actor) => rotateApiKey(deps, actor, { tenant, id })],
    ['api-key', (actor: Actor) => updateApiKey(deps, actor, { tenant, id, name: 'other' })],
    ['tenant', (actor: Actor) => putLimit(deps, actor, { tenant, name: 'cap', rule: cap, defaults: [] })],
  ] as const;
}

test('what the file owns is changed by the file alone, and what it wrote over is its own from then on', async () => {
  const owned = await tenantBy(file);
  for (const [subject, change] of changesOf(owned)) {
    expect(refusalOf(await change(root))).toEqual({ kind: 'file-owned', subject });
  }
  const other = await tenantBy(root);
  for (const [, change] of changesOf(other).toReversed()) expect((await change(root)).kind).toBe('done');
  const again = await tenantBy(root);
  const taken = changesOf(again).filter((_, at) => at !== 3 && at !== 4);
  for (const [, change] of taken) expect((await change(file)).kind).toBe('done');
  for (const [subject, change] of taken) {
    expect(refusalOf(await change(root))).toEqual({ kind: 'file-owned', subject });
  }
});

test('suspending and revoking what the file owns always works, and a suspension can be undone', async () => {
  const { tenant, user, id, apiKey } = await tenantBy(file);
  const deps = rig.deps();
  const { verifier } = await rig.openFallibleVerifier();
  expect(await verifier.verify(apiKey)).toMatchObject({ kind: 'verified' });
  const kind = () => expect.poll(async () => (await verifier.verify(apiKey)).kind, { timeout: patienceMs });
  doneValue(await suspendUser(deps, root, { tenant, id: user }));
  await kind().toBe('suspended');
  doneValue(await resumeUser(deps, root, { tenant, id: user }));
  await kind().toBe('verified');
  doneValue(await suspendTenant(deps, root, { tenant }));
  await kind().toBe('suspended');
  doneValue(await resumeTenant(deps, root, { tenant }));
  await kind().toBe('verified');
  expect(doneValue(await getTenant(deps, root, { tenant })).origin).toBe('file');
  expect(doneValue(await getUser(deps, root, { tenant, id: user })).origin).toBe('file');
  doneValue(await revokeApiKey(deps, root, { tenant, id }));
  await kind().toBe('unknown');
});

test('what the file suspends is the API’s, and a suspension by the API outlasts that of the file', async () => {
  const { tenant, user } = await tenantBy(file);
  const deps = rig.deps();
  const byFile = { state: 'suspended', suspendedBy: 'file' };
  const suspended = doneValue(await suspendTenant(deps, file, { tenant }));
  expect(suspended).toMatchObject(byFile);
  expect(suspended.origin).toBeUndefined();
  expect(doneValue(await suspendTenant(deps, root, { tenant })).suspendedBy).toBeUndefined();
  expect(doneValue(await suspendTenant(deps, file, { tenant })).suspendedBy).toBeUndefined();
  expect(doneValue(await suspendUser(deps, file, { tenant, id: user }))).toMatchObject(byFile);
  expect(doneValue(await resumeUser(deps, root, { tenant, id: user }))).toMatchObject({ state: 'active' });
  expect(doneValue(await updateUser(deps, root, { tenant, id: user, name: 'grace' })).suspendedBy).toBeUndefined();
});

test('an API key that is updated has the new settings at once, is in the list of its new owner, and may end in the past', async () => {
  const { tenant, user, id, apiKey } = await tenantBy(root);
  const deps = rig.deps();
  const grace = doneValue(await createUser(deps, root, { tenant, name: 'grace' })).id;
  const { verifier, clock } = await rig.openFallibleVerifier();
  const before = await actorOf(verifier, apiKey);
  const settings = {
    tenant,
    id,
    name: 'new',
    owner: { kind: 'user', id: grace },
    allowlist: { models: ['x'] },
  } as const;
  doneValue(await updateApiKey(deps, root, settings));
  await expect
    .poll(async () => (await actorOf(verifier, apiKey)).principal, { timeout: patienceMs })
    .toMatchObject({ user: grace, authorization: { policy: { levels: [{ of: 'api-key', models: ['x'] }] } } });
  const after = await actorOf(verifier, apiKey);
  expect(doneValue(await listApiKeys(deps, before, { tenant })).items).toEqual([]);
  expect(doneValue(await listApiKeys(deps, after, { tenant })).items).toMatchObject([{ id, name: 'new' }]);
  doneValue(await updateApiKey(deps, root, { ...settings, expiresAtMs: clock.now() - 1 }));
  await expect
    .poll(() => verifier.verify(apiKey), { timeout: patienceMs })
    .toEqual({ kind: 'unknown', reason: 'expired' });
  doneValue(await revokeApiKey(deps, root, { tenant, id }));
  expect(doneValue(await updateApiKey(deps, root, settings))).toMatchObject({ state: 'revoked', name: 'new' });
  expect(doneValue(await getApiKey(deps, root, { tenant, id })).expiresAt).toBeDefined();
  const { items } = doneValue(await readAudit(deps, root, { tenant }));
  expect(items.map(({ action }) => action)).toContain('api-key.update');
  expect(user).not.toBe(grace);
});
