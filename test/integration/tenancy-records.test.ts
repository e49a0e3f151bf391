import {
  createApiKey,
  createTenant,
  createUser,
  getApiKey,
  listApiKeys,
  listPolicies,
  listTenants,
  listUsers,
  putPolicy,
  readAudit,
  revokeApiKey,
  rotateApiKey,
  suspendUser,
  updateTenant,
} from '@ccg/tenancy';
import type { Allowlist, NewApiKey, Page, PageRequest, Result, Scope } from '@ccg/tenancy';
import { createManualClock, doneValue } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { actorOf, name, openTenancyRig, patienceMs, refusalOf, root } from './support/tenancy-rig.ts';
import type { TenancyRig } from './support/tenancy-rig.ts';

let rig: TenancyRig;

beforeEach(async () => {
  rig = await openTenancyRig();
});

afterEach(async () => {
  await rig.close();
});

const hourMs = 60 * 60 * 1000;

describe('a rotation', () => {
  test('lets both API keys work for the overlap, then the new one alone', async () => {
    const clock = createManualClock();
    const tenant = await rig.newTenant();
    const deps = rig.deps(undefined, clock);
    const old = doneValue(await createApiKey(deps, root, { tenant, name: 'ci', scopes: ['messages'] }));
    const rotation = { tenant, id: old.record.id, overlapMs: hourMs };
    const made = doneValue(await rotateApiKey(deps, root, rotation));
    expect(made.record).toMatchObject({ name: 'ci', scopes: ['messages'] });
    const verifier = rig.openVerifier(undefined, clock);
    const kinds = async () => Promise.all([old, made].map(async ({ apiKey }) => (await verifier.verify(apiKey)).kind));
    expect(await kinds()).toEqual(['verified', 'verified']);
    const shown = doneValue(await getApiKey(deps, root, rotation));
    expect(shown).toMatchObject({ successor: made.record.id, expiresAt: new Date(clock.now() + hourMs).toISOString() });
    expect(refusalOf(await rotateApiKey(deps, root, rotation))).toEqual({ kind: 'not-rotatable', reason: 'rotated' });
    clock.advance(hourMs);
    expect(await kinds()).toEqual(['unknown', 'verified']);
  });

  test('lasts a day unless said, never longer than the old API key would have, and 0 to 30 days', async () => {
    const clock = createManualClock();
    const tenant = await rig.newTenant();
    const deps = rig.deps(undefined, clock);
    const endOf = async (expiresAtMs: number | undefined, overlapMs?: number) => {
      const { record } = doneValue(await createApiKey(deps, root, { tenant, name, expiresAtMs }));
      const rotated = await rotateApiKey(deps, root, { tenant, id: record.id, overlapMs });
      if (rotated.kind === 'refused') return rotated.refusal;
      const { expiresAt = '' } = doneValue(await getApiKey(deps, root, { tenant, id: record.id }));
      return Date.parse(expiresAt) - clock.now();
    };
    expect(await endOf(undefined)).toBe(24 * hourMs);
    expect(await endOf(undefined, 30 * 24 * hourMs)).toBe(30 * 24 * hourMs);
    expect(await endOf(undefined, 0)).toBe(0);
    expect(await endOf(clock.now() + hourMs)).toBe(hourMs);
    for (const overlapMs of [-1, 30 * 24 * hourMs + 1, 0.5, NaN]) {
      expect(await endOf(undefined, overlapMs)).toMatchObject({ kind: 'invalid', issues: [{ path: ['overlap'] }] });
    }
  });

  test('of two at the same time one counts', async () => {
    const tenant = await rig.newTenant();
    const { id } = await rig.newApiKey({ tenant });
    const results = await Promise.all([1, 2, 3].map(() => rotateApiKey(rig.deps(), root, { tenant, id })));
    expect(results.map(({ kind }) => kind).toSorted()).toEqual(['done', 'refused', 'refused']);
    expect(doneValue(await listApiKeys(rig.deps(), root, { tenant })).items).toHaveLength(2);
  });
});

describe('lists', () => {
  async function walk<Item extends { readonly id: string }>(
    read: (request: PageRequest) => Promise<Result<Page<Item>>>,
    limit: number,
  ) {
    const pages: string[][] = [];
    for (let cursor: string | undefined; ;) {
      const { items, nextCursor } = doneValue(await read({ limit, cursor }));
      pages.push(items.map(({ id }) => id));
      if (nextCursor === undefined) return pages;
      cursor = nextCursor;
    }
  }

  test('come in pages in the order of creation, each once, whatever is added meanwhile', async () => {
    const clock = createManualClock();
    const tenant = await rig.newTenant();
    const deps = rig.deps(undefined, clock);
    const made: string[] = [];
    for (let at = 0; at < 7; at += 1) {
      clock.advance(1);
      made.push(doneValue(await createApiKey(deps, root, { tenant, name })).record.id);
    }
    const pages = await walk((request) => listApiKeys(deps, root, { tenant, ...request }), 3);
    expect(pages).toEqual([made.slice(0, 3), made.slice(3, 6), made.slice(6)]);
    expect(doneValue(await listApiKeys(deps, root, { tenant })).nextCursor).toBeUndefined();
    const users = await walk((request) => listUsers(deps, root, { tenant, ...request }), 1);
    expect(users).toEqual([[]]);
  });

  test('of tenants have each tenant once, by its id', async () => {
    const ids = [await rig.newTenant(), await rig.newTenant(), await rig.newTenant()];
    const pages = await walk((request) => listTenants(rig.deps(), root, request), 2);
    expect(pages.flat()).toEqual(ids.toSorted());
    expect(pages.map(({ length }) => length)).toEqual([2, 1]);
  });

  test.each<[PageRequest, string]>([
    [{ limit: 0 }, 'limit'],
    [{ limit: 201 }, 'limit'],
    [{ limit: 1.5 }, 'limit'],
    [{ cursor: 'nonsense!' }, 'cursor'],
    [{ cursor: '' }, 'cursor'],
  ])('refuse %j by its field', async (request, field) => {
    const tenant = await rig.newTenant();
    for (const list of [listApiKeys, listUsers, listPolicies, readAudit]) {
      const refusal = refusalOf(await list(rig.deps(), root, { tenant, ...request }));
      expect(refusal).toMatchObject({ kind: 'invalid', issues: [{ path: [field] }] });
    }
  });
});

describe('the audit log', () => {
  test('has every write with its actor and what is new, and every denial, in the log of the one who was denied', async () => {
    const [tenant, other] = [await rig.newTenant(), await rig.newTenant()];
    const deps = rig.deps();
    const user = doneValue(await createUser(deps, root, { tenant, name: 'ada' }));
    const owner = { kind: 'user', id: user.id } as const;
    const { apiKey, id } = await rig.newApiKey({
      tenant,
      owner,
      scopes: ['self'],
      allowlist: { models: ['claude-*'] },
    });
    const ada = await actorOf(rig.openVerifier(), apiKey);
    await suspendUser(deps, ada, { tenant, id: user.id });
    await revokeApiKey(deps, ada, { tenant: other, id: 'key_none' });
    await revokeApiKey(deps, ada, { tenant, id });
    const { items } = doneValue(await readAudit(deps, root, { tenant }));
    const ofRoot = { actor: { kind: 'operator', name: 'test' }, requestId: 'test' };
    const ofAda = { actor: { kind: 'api-key', tenant, id, user: user.id }, requestId: 'req_test' };
    expect(items).toMatchObject([
      { ...ofRoot, action: 'tenant.create', outcome: 'done', details: { allowlist: { models: ['*'] } } },
      { ...ofRoot, action: 'user.create', subject: { kind: 'user', id: user.id }, details: { name: 'ada' } },
      { ...ofRoot, action: 'api-key.create', subject: { kind: 'api-key', id }, details: { owner, scopes: ['self'] } },
      { ...ofAda, action: 'user.suspend', tenant, outcome: 'denied', details: { reason: 'scope-missing' } },
      { ...ofAda, action: 'api-key.revoke', tenant: other, outcome: 'denied', details: { reason: 'unknown' } },
      { ...ofAda, action: 'api-key.revoke', tenant, outcome: 'done', subject: { kind: 'api-key', id } },
    ]);
    expect(JSON.stringify(items)).not.toMatch(/ccg_live_|[0-9a-f]{64}/u);
    expect(doneValue(await readAudit(deps, root, { tenant: other })).items).toHaveLength(1);
  });

  test('is read in pages, oldest first', async () => {
    const tenant = await rig.newTenant();
    const names = ['a', 'b', 'c', 'd'];
    for (const one of names) doneValue(await createUser(rig.deps(), root, { tenant, name: one }));
    const read: unknown[] = [];
    for (let cursor: string | undefined; ;) {
      const page = doneValue(await readAudit(rig.deps(), root, { tenant, limit: 2, cursor }));
      read.push(...page.items.map(({ details }) => details?.['name']));
      if (page.nextCursor === undefined) break;
      cursor = page.nextCursor;
    }
    expect(read).toEqual([name, ...names]);
  });

  test('has a refused use of an API key once a minute, with the reason', async () => {
    const tenant = await rig.newTenant();
    const { apiKey, id } = await rig.newApiKey({ tenant });
    await revokeApiKey(rig.deps(), root, { tenant, id });
    for (let at = 0; at < 3; at += 1) await rig.openVerifier().verify(apiKey);
    const uses = async () =>
      doneValue(await readAudit(rig.deps(), root, { tenant })).items.filter(({ action }) => action === 'api-key.use');
    await expect
      .poll(uses, { timeout: patienceMs })
      .toMatchObject([{ outcome: 'denied', subject: { id }, details: { reason: 'revoked' } }]);
  });
});

test('the last use of an API key is written at most once a minute', async () => {
  const tenant = await rig.newTenant();
  const { verifier, clock } = await rig.openFallibleVerifier();
  const { apiKey, id } = await rig.newApiKey({ tenant });
  const lastUse = async () => doneValue(await getApiKey(rig.deps(), root, { tenant, id })).lastUsedAt;
  const use = async () => {
    await verifier.verify(apiKey);
    return new Date(clock.now()).toISOString();
  };
  const first = await use();
  await expect.poll(lastUse, { timeout: patienceMs }).toBe(first);
  clock.advance(59_999);
  await use();
  clock.advance(5001);
  const second = await use();
  await expect.poll(lastUse, { timeout: patienceMs }).toBe(second);
});

describe('an input with faults', () => {
  const allowlist = { models: ['*'] };

  test.each<[what: string, list: Allowlist, path: readonly unknown[]]>([
    ['neither list', {}, ['allowlist']],
    ['no models', { models: [] }, ['allowlist', 'models']],
    ['an empty pattern', { models: ['claude-*', ''] }, ['allowlist', 'models', 1]],
    ['a control character', { targets: ['openai:*\u0000'] }, ['allowlist', 'targets', 0]],
    ['half of a surrogate pair', { models: ['a\ud83d'] }, ['allowlist', 'models', 0]],
    ['a target without a provider', { targets: ['gpt-4.1'] }, ['allowlist', 'targets', 0]],
    ['too many', { models: Array.from({ length: 201 }, (_, at) => `m${at}`) }, ['allowlist', 'models']],
  ])('is refused by its field: an allowlist with %s', async (_what, list, path) => {
    const tenant = await rig.newTenant();
    for (const result of [
      await createTenant(rig.deps(), root, { id: 'new', name, allowlist: list }),
      await updateTenant(rig.deps(), root, { tenant, allowlist: list }),
      await createUser(rig.deps(), root, { tenant, name, allowlist: list }),
      await putPolicy(rig.deps(), root, { tenant, name: 'some', allowlist: list }),
      await createApiKey(rig.deps(), root, { tenant, name, allowlist: list }),
    ]) {
      expect(refusalOf(result)).toMatchObject({ kind: 'invalid', issues: [{ path }] });
    }
  });

  test.each<[changes: Partial<NewApiKey>, path: readonly unknown[]]>([
    [{ name: '' }, ['name']],
    [{ name: ' padded' }, ['name']],
    [{ name: 'x'.repeat(201) }, ['name']],
    [{ name: 'two\nlines' }, ['name']],
    [{ name: 'half \ud83d of a pair' }, ['name']],
    [{ name: 'nimda\u202e' }, ['name']],
    [{ scopes: [] }, ['scopes']],
    [{ scopes: ['messages', 'everything' as Scope] }, ['scopes', 1]],
    [{ policies: ['none'] }, ['policies', 0]],
    [{ expiresAtMs: 0 }, ['expiresAt']],
    [{ expiresAtMs: Infinity }, ['expiresAt']],
    [{ expiresAtMs: NaN }, ['expiresAt']],
  ])('is refused by its field: an API key with %j', async (changes, path) => {
    const tenant = await rig.newTenant();
    const refusal = refusalOf(await createApiKey(rig.deps(), root, { tenant, name, ...changes }));
    expect(refusal).toMatchObject({ kind: 'invalid', issues: [{ path }] });
  });

  test('names that are taken are refused, and those of others are free', async () => {
    const [tenant, other] = [await rig.newTenant(), await rig.newTenant()];
    const taken = await Promise.all([1, 2].map(() => createUser(rig.deps(), root, { tenant, name: 'ada' })));
    expect(taken.map(({ kind }) => kind).toSorted()).toEqual(['done', 'refused']);
    expect(taken.map(refusalOf)).toContainEqual({ kind: 'taken', subject: 'user', path: ['name'] });
    expect((await createUser(rig.deps(), root, { tenant: other, name: 'ada' })).kind).toBe('done');
    const owned = await createApiKey(rig.deps(), root, { tenant, name, owner: { kind: 'user', id: 'usr_none' } });
    expect(refusalOf(owned)).toEqual({ kind: 'unknown', subject: 'user' });
    const tenants = [1, 2].map(() => createTenant(rig.deps(), root, { id: 'same', name, allowlist }));
    expect((await Promise.all(tenants)).map(({ kind }) => kind).toSorted()).toEqual(['done', 'refused']);
  });
});
