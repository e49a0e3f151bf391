import { randomUUID } from 'node:crypto';
import type { Secret } from '@ccg/kernel';
import {
  createApiKey,
  createTenant,
  createUser,
  getApiKey,
  getTenant,
  getUser,
  importApiKey,
  listApiKeys,
  listPolicies,
  listTenants,
  listUsers,
  putPolicy,
  readAudit,
  removePolicy,
  resumeTenant,
  resumeUser,
  revokeApiKey,
  rotateApiKey,
  suspendTenant,
  suspendUser,
  updateTenant,
  updateUser,
} from '@ccg/tenancy';
import type { Actor, AuditEntry, NewApiKey, Result, Scope } from '@ccg/tenancy';
import { doneValue } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { actorOf, defaults, name, openTenancyRig, patienceMs, refusalOf, root } from './support/tenancy-rig.ts';
import type { TenancyRig } from './support/tenancy-rig.ts';

let rig: TenancyRig;

beforeEach(async () => {
  rig = await openTenancyRig();
});

afterEach(async () => {
  await rig.close();
});

const hourMs = 60 * 60 * 1000;

/** Somebody of a tenant who has an API key like this. */
async function member(tenant: string, key: Partial<NewApiKey> & { readonly scopes: readonly Scope[] }): Promise<Actor> {
  const { apiKey } = await rig.newApiKey({ tenant, ...key });
  return await actorOf(rig.openVerifier(), apiKey);
}

async function newUser(tenant: string, userName = `user ${randomUUID()}`) {
  return doneValue(await createUser(rig.deps(), root, { tenant, name: userName }));
}

/** All verbs on one tenant, with what they name there. */
function verbsOn(tenant: string, { user, key }: { readonly user: string; readonly key: string }) {
  const deps = rig.deps();
  const byAny: Readonly<Record<string, (actor: Actor) => Promise<Result<unknown>>>> = {
    getTenant: (actor) => getTenant(deps, actor, { tenant }),
    updateTenant: (actor) => updateTenant(deps, actor, { tenant, name: 'changed' }),
    createUser: (actor) => createUser(deps, actor, { tenant, name: `user ${randomUUID()}` }),
    getUser: (actor) => getUser(deps, actor, { tenant, id: user }),
    listUsers: (actor) => listUsers(deps, actor, { tenant }),
    updateUser: (actor) => updateUser(deps, actor, { tenant, id: user, name: `changed ${randomUUID()}` }),
    suspendUser: (actor) => suspendUser(deps, actor, { tenant, id: user }),
    resumeUser: (actor) => resumeUser(deps, actor, { tenant, id: user }),
    putPolicy: (actor) => putPolicy(deps, actor, { tenant, name: 'some', allowlist: { models: ['*'] } }),
    listPolicies: (actor) => listPolicies(deps, actor, { tenant }),
    removePolicy: (actor) => removePolicy(deps, actor, { tenant, name: 'some' }),
    createApiKey: (actor) => createApiKey(deps, actor, { tenant, name, scopes: ['tenant:read'] }),
    importApiKey: (actor) =>
      importApiKey(deps, actor, {
        tenant,
        name,
        scopes: ['tenant:read'],
        digest: randomUUID().replaceAll('-', '').repeat(2),
      }),
    getApiKey: (actor) => getApiKey(deps, actor, { tenant, id: key }),
    listApiKeys: (actor) => listApiKeys(deps, actor, { tenant }),
    rotateApiKey: (actor) => rotateApiKey(deps, actor, { tenant, id: key, overlapMs: hourMs }),
    revokeApiKey: (actor) => revokeApiKey(deps, actor, { tenant, id: key }),
    readAudit: (actor) => readAudit(deps, actor, { tenant }),
  };
  const byOperators: typeof byAny = {
    createTenant: (actor) => createTenant(deps, actor, { id: `t-${randomUUID()}`, name, allowlist: { models: ['*'] } }),
    listTenants: (actor) => listTenants(deps, actor),
    suspendTenant: (actor) => suspendTenant(deps, actor, { tenant }),
    resumeTenant: (actor) => resumeTenant(deps, actor, { tenant }),
  };
  return { byAny, byOperators };
}

async function tenantWithAll() {
  const tenant = await rig.newTenant();
  const user = (await newUser(tenant)).id;
  const { id: key } = await rig.newApiKey({ tenant, scopes: ['tenant:read'] });
  return { tenant, user, key };
}

async function auditOf(tenant: string): Promise<readonly AuditEntry[]> {
  return doneValue(await readAudit(rig.deps(), root, { tenant, limit: 200 })).items;
}

describe('who may do what', () => {
  const reads = new Set(['getTenant', 'getUser', 'listUsers', 'listPolicies', 'getApiKey', 'listApiKeys', 'readAudit']);

  test('one who may read a tenant reads it all and writes nothing; one who may write does both; neither is an operator', async () => {
    const { tenant, ...ids } = await tenantWithAll();
    const { byAny, byOperators } = verbsOn(tenant, ids);
    const reader = await member(tenant, { scopes: ['tenant:read'] });
    const writer = await member(tenant, { scopes: ['tenant:write'] });
    for (const [verb, call] of Object.entries(byAny)) {
      const missing = { kind: 'scope-missing', scope: 'tenant:write' };
      expect([verb, refusalOf(await call(reader))]).toEqual([
        verb,
        reads.has(verb) ? expect.objectContaining({ kind: 'done' }) : missing,
      ]);
    }
    for (const [verb, call] of Object.entries(byAny)) expect([verb, (await call(writer)).kind]).toEqual([verb, 'done']);
    for (const [verb, call] of Object.entries(byOperators)) {
      const scope = verb === 'listTenants' ? 'operator:read' : 'operator:write';
      expect([verb, refusalOf(await call(writer))]).toEqual([verb, { kind: 'scope-missing', scope }]);
    }
  });

  test('a tenant of others is as unknown as one that does not exist, to every verb', async () => {
    const foreign = await tenantWithAll();
    const own = await rig.newTenant();
    const writer = await member(own, {
      scopes: ['tenant:write', 'self'],
      owner: { kind: 'user', id: (await newUser(own)).id },
    });
    const onForeign = verbsOn(foreign.tenant, foreign).byAny;
    const onNothing = verbsOn(`t-${randomUUID()}`, foreign).byAny;
    for (const verb of Object.keys(onForeign)) {
      const refusal = refusalOf((await onForeign[verb]?.(writer)) ?? { kind: 'done', value: undefined });
      expect([verb, refusal]).toEqual([verb, { kind: 'unknown', subject: 'tenant' }]);
      expect(await onNothing[verb]?.(writer)).toEqual({ kind: 'refused', refusal });
    }
    expect((await auditOf(foreign.tenant)).every(({ outcome }) => outcome === 'done')).toBe(true);
  });

  test('ids of another tenant are as unknown within the own one as ids that do not exist, to operators too', async () => {
    const foreign = await tenantWithAll();
    const own = await rig.newTenant();
    for (const actor of [root, await member(own, { scopes: ['tenant:write'] })]) {
      for (const ids of [foreign, { user: 'usr_none', key: 'key_none' }, { user: 'a}b:c', key: 'a}b:c' }]) {
        const verbs = verbsOn(own, ids).byAny;
        for (const verb of ['getApiKey', 'rotateApiKey', 'revokeApiKey']) {
          expect(refusalOf((await verbs[verb]?.(actor)) ?? doneNothing)).toEqual({
            kind: 'unknown',
            subject: 'api-key',
          });
        }
        for (const verb of ['getUser', 'updateUser', 'suspendUser', 'resumeUser']) {
          expect(refusalOf((await verbs[verb]?.(actor)) ?? doneNothing)).toEqual({ kind: 'unknown', subject: 'user' });
        }
      }
    }
  });

  test('with self a developer has API keys of their own, and sees no others', async () => {
    const tenant = await rig.newTenant();
    const [ada, bob] = [await newUser(tenant), await newUser(tenant)];
    const owner = { kind: 'user', id: ada.id } as const;
    const actor = await member(tenant, { scopes: ['messages', 'self'], owner });
    const other = await rig.newApiKey({ tenant, owner: { kind: 'user', id: bob.id } });
    const deps = rig.deps();
    const made = doneValue(await createApiKey(deps, actor, { tenant, name: 'laptop' }));
    expect(made.record.owner).toEqual(owner);
    const rotated = doneValue(await rotateApiKey(deps, actor, { tenant, id: made.record.id }));
    const { items } = doneValue(await listApiKeys(deps, actor, { tenant }));
    expect(items.map(({ id }) => id)).toContain(rotated.record.id);
    expect(items.every(({ owner: of }) => of.kind === 'user' && of.id === ada.id)).toBe(true);
    expect(doneValue(await revokeApiKey(deps, actor, { tenant, id: rotated.record.id })).state).toBe('revoked');
    for (const verb of [getApiKey, rotateApiKey, revokeApiKey]) {
      expect(refusalOf(await verb(deps, actor, { tenant, id: other.id }))).toEqual({
        kind: 'unknown',
        subject: 'api-key',
      });
    }
    for (const foreign of [{ kind: 'user', id: bob.id }, { kind: 'service' }] as const) {
      const refusal = refusalOf(await createApiKey(deps, actor, { tenant, name, owner: foreign }));
      expect(refusal).toMatchObject({ kind: 'beyond-actor', issues: [{ path: ['owner'] }] });
    }
    const service = await member(tenant, { scopes: ['self'] });
    expect(refusalOf(await listApiKeys(deps, service, { tenant }))).toEqual({
      kind: 'scope-missing',
      scope: 'tenant:read',
    });
  });
});

const doneNothing = { kind: 'done', value: undefined } as const;

describe('what an actor may give', () => {
  test('is no scope, allowlist, expiry or limit beyond their own', async () => {
    const tenant = await rig.newTenant({ models: ['claude-*'] });
    const deps = rig.deps();
    const expiresAtMs = Date.now() + hourMs;
    const actor = await member(tenant, {
      scopes: ['tenant:write', 'messages'],
      allowlist: { models: ['claude-haiku-*'] },
      expiresAtMs,
    });
    const within = {
      tenant,
      name,
      scopes: ['messages'],
      allowlist: { models: ['claude-haiku-4*'] },
      expiresAtMs,
    } as const;
    const pathsOf = async (changes: Partial<NewApiKey>) => {
      const refusal = refusalOf(await createApiKey(deps, actor, { ...within, ...changes }));
      return refusal;
    };
    expect(await pathsOf({})).toMatchObject({ kind: 'done' });
    const beyond = (...path: readonly unknown[]) => ({ kind: 'beyond-actor', issues: [{ path }] });
    expect(await pathsOf({ scopes: ['messages', 'self'] })).toMatchObject(beyond('scopes', 1));
    expect(await pathsOf({ scopes: ['operator:read'] })).toMatchObject(beyond('scopes', 0));
    expect(await pathsOf({ allowlist: { models: ['claude-*'] } })).toMatchObject(beyond('allowlist'));
    expect(await pathsOf({ allowlist: undefined })).toMatchObject(beyond('allowlist'));
    expect(await pathsOf({ expiresAtMs: expiresAtMs + 1 })).toMatchObject(beyond('expiresAt'));
    expect(await pathsOf({ expiresAtMs: undefined })).toMatchObject(beyond('expiresAt'));
    const user = { tenant, name: 'somebody' };
    expect(refusalOf(await createUser(deps, actor, user))).toMatchObject(beyond('allowlist'));
    const policy = { tenant, name: 'wide', allowlist: { models: ['*'] } };
    expect(refusalOf(await putPolicy(deps, actor, policy))).toMatchObject(beyond('allowlist'));
    expect(refusalOf(await updateTenant(deps, actor, { tenant, allowlist: { models: ['*'] } }))).toMatchObject(
      beyond('allowlist'),
    );
    const wider = [{ level: 'tenant', kind: 'requests', amount: 61, per: 'minute' }] as const;
    expect(refusalOf(await updateTenant(deps, actor, { tenant, limits: wider }))).toMatchObject(beyond('limits'));
    const limits = { requestsPerMinute: 61 };
    expect(refusalOf(await updateTenant(deps, actor, { tenant, limits }))).toMatchObject(
      beyond('limits', 'requestsPerMinute'),
    );
    expect(doneValue(await updateTenant(deps, actor, { tenant, limits: { requestsPerMinute: 5 } })).limits).toEqual({
      requestsPerMinute: 5,
    });
  });

  test('an API key that is narrower than another of its owner cannot rotate its way out, and can rotate itself', async () => {
    const tenant = await rig.newTenant();
    const owner = { kind: 'user', id: (await newUser(tenant)).id } as const;
    doneValue(await putPolicy(rig.deps(), root, { tenant, name: 'haiku', allowlist: { models: ['claude-haiku-*'] } }));
    const wide = await rig.newApiKey({ tenant, owner, scopes: ['messages', 'self'] });
    const narrow = await rig.newApiKey({ tenant, owner, scopes: ['self'], policies: ['haiku'] });
    const actor = await actorOf(rig.openVerifier(), narrow.apiKey);
    const rotate = (id: string) => rotateApiKey(rig.deps(), actor, { tenant, id });
    expect(refusalOf(await rotate(wide.id))).toMatchObject({
      kind: 'beyond-actor',
      issues: [{ path: ['scopes', 0] }, { path: ['allowlist'] }],
    });
    expect(doneValue(await rotate(narrow.id)).record).toMatchObject({ scopes: ['self'], policies: ['haiku'] });
  });
});

describe('authorization', () => {
  async function principalOf(apiKey: Secret) {
    return (await actorOf(rig.openVerifier(), apiKey)).principal.authorization;
  }

  test('is made of tenant, user, API key and their policies, and a change of any of them is known soon', async () => {
    const tenant = await rig.newTenant({ models: ['claude-*'], targets: ['openai:*'] });
    const user = await newUser(tenant);
    const deps = rig.deps();
    doneValue(await putPolicy(deps, root, { tenant, name: 'small', allowlist: { models: ['*haiku*'] } }));
    doneValue(
      await updateUser(deps, root, { tenant, id: user.id, allowlist: { models: ['*-4-*'] }, policies: ['small'] }),
    );
    const { apiKey } = await rig.newApiKey({
      tenant,
      owner: { kind: 'user', id: user.id },
      allowlist: { models: ['*-5'] },
    });
    expect(await principalOf(apiKey)).toEqual({
      scopes: ['messages', 'self'],
      ...defaults,
      timeZone: 'UTC',
      policy: {
        kind: 'restricted',
        levels: [
          { of: 'tenant', models: ['claude-*'], targets: ['openai:*'] },
          { of: 'user', models: ['*-4-*'] },
          { of: 'user', models: ['*haiku*'] },
          { of: 'api-key', models: ['*-5'] },
        ],
      },
    });
    // Its clock stands still: only messages can end what it remembers.
    const { verifier } = await rig.openFallibleVerifier();
    await verifier.verify(apiKey);
    const levels = async () => {
      const { authorization } = (await actorOf(verifier, apiKey)).principal;
      return authorization.policy.kind === 'restricted'
        ? authorization.policy.levels.map(({ models }) => models?.[0])
        : [];
    };
    doneValue(await removePolicy(deps, root, { tenant, name: 'small' }));
    await expect.poll(levels, { timeout: patienceMs }).toEqual(['claude-*', '*-4-*', undefined, '*-5']);
    doneValue(await updateUser(deps, root, { tenant, id: user.id, allowlist: null, policies: [] }));
    await expect.poll(levels, { timeout: patienceMs }).toEqual(['claude-*', '*-5']);
    doneValue(
      await updateTenant(deps, root, { tenant, allowlist: { models: ['*'] }, limits: { requestsPerMinute: 7 } }),
    );
    await expect.poll(levels, { timeout: patienceMs }).toEqual(['*-5']);
    expect((await actorOf(verifier, apiKey)).principal.authorization.limits).toEqual([
      { level: 'tenant', kind: 'requests', amount: 7, per: 'minute' },
    ]);
  });

  test('an API key that expires while it is remembered is refused from then on, with Redis and without', async () => {
    const { verifier, clock } = await rig.openFallibleVerifier();
    const tenant = await rig.newTenant();
    const deps = rig.deps(undefined, clock);
    const expiresAtMs = clock.now() + 2000;
    const { apiKey } = doneValue(await createApiKey(deps, root, { tenant, name, expiresAtMs }));
    expect(await verifier.verify(apiKey)).toMatchObject({ kind: 'verified' });
    clock.advance(1999);
    expect(await verifier.verify(apiKey)).toMatchObject({ kind: 'verified' });
    clock.advance(1);
    expect(await verifier.verify(apiKey)).toEqual({ kind: 'unknown', reason: 'expired' });
    rig.proxy.cut();
    expect(await verifier.verify(apiKey)).toEqual({ kind: 'unknown', reason: 'expired' });
  });
});
