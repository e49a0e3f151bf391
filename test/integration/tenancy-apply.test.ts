import { randomBytes } from 'node:crypto';
import { directoryFromFile } from '@ccg/catalog';
import {
  createTenant,
  createUser,
  generateApiKey,
  getApiKey,
  getTenant,
  hashApiKey,
  listApiKeys,
  listPolicies,
  listUsers,
  putPolicy,
  readAudit,
  reconcile,
  resumeTenant,
  revokeApiKey,
  rotateApiKey,
} from '@ccg/tenancy';
import { doneValue } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { all, openApplyRig, usual } from './support/apply-rig.ts';
import type { ApplyRig } from './support/apply-rig.ts';
import { actorOf, name, peppersOf, refusalOf, root } from './support/tenancy-rig.ts';

let rig: ApplyRig;
let tenant: string;

beforeEach(async () => {
  rig = await openApplyRig();
  tenant = rig.tenant();
});

afterEach(async () => {
  await rig.close();
});

test('a file is brought into an empty store, and a second time there is nothing to do', async () => {
  const [byText, byDigest] = [generateApiKey(randomBytes), generateApiKey(randomBytes)];
  const digest = hashApiKey(rig.deps().peppers.current, byDigest);
  const file = rig.fileOf(
    {
      limits: { requestsPerMinute: 7 },
      timeZone: 'Europe/Berlin',
      contact: '#claude-help',
      policies: ['small'],
      users: [{ name: 'ada', allowlist: { models: ['*-5'] }, policies: [], group: 'research', waitingWeight: 5 }],
      apiKeys: [
        { ...usual, name: 'laptop', owner: 'ada', apiKey: byText },
        { ...usual, name: 'ci', digest, expiresAtMs: Date.UTC(2099, 0) },
      ],
    },
    [{ name: 'small', allowlist: { models: ['*haiku*'] } }],
  );
  const changes = ['create tenant', 'create policy', 'create user', 'create api-key', 'create api-key'];
  expect(await rig.apply(file, { dryRun: true })).toEqual(changes);
  expect(refusalOf(await getTenant(rig.deps(), root, { tenant }))).toEqual({ kind: 'unknown', subject: 'tenant' });
  expect(await rig.apply(file)).toEqual(changes);
  const verifier = rig.openVerifier();
  expect((await actorOf(verifier, byText)).principal).toMatchObject({
    tenant,
    group: 'research',
    waitingWeight: 5,
    authorization: {
      scopes: ['messages'],
      timeZone: 'Europe/Berlin',
      contact: '#claude-help',
      limits: [{ level: 'tenant', kind: 'requests', amount: 7, per: 'minute' }],
      policy: { levels: [{ models: ['*haiku*'] }, { of: 'user', models: ['*-5'] }] },
    },
  });
  expect((await actorOf(verifier, byDigest)).principal).toMatchObject({ tenant, expiresAtMs: Date.UTC(2099, 0) });
  expect(await rig.apply(file, { prune: true })).toEqual([]);
});

test('what the file leaves out of a tenant and of a user is taken from them', async () => {
  const user = { name: 'ada', policies: [], group: 'research', waitingWeight: 5 };
  await rig.apply(rig.fileOf({ timeZone: 'Europe/Berlin', contact: '#claude-help', waitingWeight: 3, users: [user] }));
  expect(doneValue(await getTenant(rig.deps(), root, { tenant })).waitingWeight).toBe(3);
  const bare = rig.fileOf({ users: [{ name: 'ada', policies: [] }] });
  const changes = ['update user group waitingWeight', 'update tenant timeZone contact waitingWeight'];
  expect(await rig.apply(bare)).toEqual(changes);
  expect(await rig.apply(bare)).toEqual([]);
});

test('the audit log names the file and the request of each change, and the operator log who asked', async () => {
  await rig.apply(rig.fileOf({ users: [{ name: 'ada', policies: [] }] }));
  const { items } = doneValue(await readAudit(rig.deps(), root, { tenant }));
  const by = { actor: { kind: 'operator', name: 'gateway.yaml' }, requestId: 'req_apply' };
  expect(items).toMatchObject([
    { action: 'tenant.create', ...by },
    { action: 'user.create', ...by },
  ]);
  const { store } = rig;
  const entries = JSON.stringify(await store.command('xrange', [store.redisKeys.operatorAudit(), '-', '+']));
  expect(entries).toMatch(/^\S+req_apply\S+tenant\.apply\S+$/u);
});

test('whoever may not write as an operator applies nothing; one who reads sees the drift', async () => {
  const other = await rig.newTenant();
  const verifier = rig.openVerifier();
  const actorWith = async (scope: 'tenant:write' | 'operator:read') =>
    await actorOf(verifier, (await rig.newApiKey({ tenant: other, scopes: [scope] })).apiKey);
  const writer = await actorWith('tenant:write');
  const reader = await actorWith('operator:read');
  const options = { dryRun: true, prune: false };
  expect(await reconcile(rig.deps(), writer, rig.fileOf, options)).toMatchObject({
    refusal: { kind: 'scope-missing', scope: 'operator:read' },
  });
  expect(await reconcile(rig.deps(), reader, rig.fileOf, { ...options, dryRun: false })).toMatchObject({
    refusal: { kind: 'scope-missing', scope: 'operator:write' },
  });
  expect(await reconcile(rig.deps(), reader, rig.fileOf, options)).toMatchObject({ kind: 'done' });
});

test('the verbs take the largest of everything that the file takes', async () => {
  const text = (length: number) => JSON.stringify(`${'é'.repeat(length - 2)}😀`);
  const digest = hashApiKey(rig.deps().peppers.current, generateApiKey(randomBytes));
  const names = Array.from({ length: 10 }, (_, at) => `${at}${'p'.repeat(62)}`);
  const list = `{ models: [${Array.from({ length: 200 }, () => text(200)).join()}], targets: ['a:${'b'.repeat(198)}'] }`;
  const settings = `allowlist: ${list}, policies: [${names.join()}]`;
  const yaml = `version: 1
policies: { ${names.map((policy) => `${policy}: { targets: ['*'] }`).join()} }
tenants:
  ${'t'.repeat(63)}:
    name: ${text(200)}
    allowlist: { targets: [':'] }
    limits: { requestsPerMinute: 999999999 }
    policies: [${names.join()}]
    users: { ? ${text(200)} : { ${settings} } }
    apiKeys:
      - { name: ${text(200)}, expiresAt: "9999-12-31T23:59:59.999Z", digest: ${digest} }
`;
  const secrets = { env: () => undefined, file: () => undefined };
  const read = directoryFromFile({ path: 'gateway.yaml', text: yaml, secrets });
  if (read.kind === 'faulty') throw new Error(read.problems.join('\n'));
  expect(await rig.apply(read.directory)).toHaveLength(13);
  expect(await rig.apply(read.directory)).toEqual([]);
});

describe('what the API made', () => {
  test('is left alone, also by a prune, until the file names it; then it is the file’s', async () => {
    const deps = rig.deps();
    doneValue(await createTenant(deps, root, { id: tenant, name, allowlist: all }));
    const { id: user } = doneValue(await createUser(deps, root, { tenant, name: 'ada' }));
    doneValue(await putPolicy(deps, root, { tenant, name: 'small', allowlist: all }));
    const { apiKey, id } = await rig.newApiKey({ tenant, scopes: ['messages'] });
    expect(await rig.apply(rig.fileOf(), { prune: true })).toEqual(['update tenant origin']);
    const named = rig.fileOf({ users: [{ name: 'ada', policies: [] }], apiKeys: [{ ...usual, name, apiKey }] }, [
      { name: 'small', allowlist: all },
    ]);
    expect(await rig.apply(named)).toEqual(['update policy origin', 'update user origin', 'update api-key origin']);
    const [{ items: users }, { items: policies }, { items: keys }] = [
      doneValue(await listUsers(deps, root, { tenant })),
      doneValue(await listPolicies(deps, root, { tenant })),
      doneValue(await listApiKeys(deps, root, { tenant })),
    ];
    expect([...users, ...policies, ...keys]).toMatchObject([
      { id: user, origin: 'file' },
      { name: 'small', origin: 'file' },
      { id, origin: 'file' },
    ]);
  });
});

describe('what the file names no more', () => {
  test('is ended by a prune and goes on when the file names it again, but for API keys', async () => {
    const apiKey = generateApiKey(randomBytes);
    const file = rig.fileOf({ users: [{ name: 'ada', policies: [] }], apiKeys: [{ ...usual, name: 'ci', apiKey }] }, [
      { name: 'small', allowlist: all },
    ]);
    const nothing = { policies: [], tenants: [] };
    await rig.apply(file);
    expect(await rig.apply(nothing)).toEqual([]);
    const ended = ['suspend tenant', 'revoke api-key', 'suspend user', 'remove policy'];
    expect(await rig.apply(nothing, { prune: true, dryRun: true })).toEqual(ended);
    expect(await rig.apply(nothing, { prune: true })).toEqual(ended);
    expect(await rig.apply(nothing, { prune: true })).toEqual([]);
    expect(await rig.problemsOf(file)).toEqual([expect.stringMatching(/^api-key ci: It was revoked, and stays so/u)]);
    expect(doneValue(await getTenant(rig.deps(), root, { tenant }))).toMatchObject({ state: 'active', origin: 'file' });
    expect(doneValue(await listUsers(rig.deps(), root, { tenant })).items).toMatchObject([{ state: 'active' }]);
    expect(await rig.openVerifier().verify(apiKey)).toEqual({ kind: 'unknown', reason: 'revoked' });
  });

  test('can be changed by the API after a prune', async () => {
    await rig.apply(rig.fileOf());
    await rig.apply({ policies: [], tenants: [] }, { prune: true });
    doneValue(await resumeTenant(rig.deps(), root, { tenant }));
    doneValue(await createUser(rig.deps(), root, { tenant, name: 'ada' }));
    expect(await rig.apply({ policies: [], tenants: [] }, { prune: true })).toEqual([]);
  });
});

describe('API keys of the file', () => {
  test('one that another tenant has is a problem, and the rest is applied', async () => {
    const { apiKey } = await rig.newApiKey({ tenant: await rig.newTenant() });
    const file = rig.fileOf({
      users: [{ name: 'ada', policies: [] }],
      apiKeys: [
        { ...usual, name: 'theirs', apiKey },
        { ...usual, name: 'ours', apiKey: generateApiKey(randomBytes) },
      ],
    });
    expect(await rig.problemsOf(file)).toEqual([
      expect.stringMatching(/^api-key theirs: It belongs to another tenant/u),
    ]);
    expect(doneValue(await listApiKeys(rig.deps(), root, { tenant })).items).toMatchObject([{ name: 'ours' }]);
  });

  test('one that stands there by its text and by its digest is created once', async () => {
    const apiKey = generateApiKey(randomBytes);
    const digest = hashApiKey(rig.deps().peppers.current, apiKey);
    const file = rig.fileOf({
      apiKeys: [
        { ...usual, name: 'by text', apiKey },
        { ...usual, name: 'by digest', digest },
      ],
    });
    expect(await rig.problemsOf(file)).toEqual([
      expect.stringMatching(/^api-key by digest: It stands in the file twice/u),
    ]);
    expect(doneValue(await listApiKeys(rig.deps(), root, { tenant })).items).toMatchObject([{ name: 'by text' }]);
  });

  test('one that was stored under a previous pepper stays the same, and works without that pepper', async () => {
    const [old, rotating, rotated] = [peppersOf('old'), peppersOf('new', 'old'), peppersOf('new')];
    const apiKey = generateApiKey(randomBytes);
    const file = rig.fileOf({ apiKeys: [{ ...usual, name: 'ci', apiKey }] });
    await rig.apply(file, { deps: rig.deps(old) });
    expect(await rig.apply(file, { deps: rig.deps(rotating) })).toEqual(['update api-key digest']);
    expect(await rig.apply(file, { deps: rig.deps(rotating) })).toEqual([]);
    const verifier = rig.openVerifier(undefined, undefined, { peppers: rotated });
    expect(await verifier.verify(apiKey)).toMatchObject({ kind: 'verified' });
  });

  test('one by a digest under the previous pepper alone stays the same, and is not created anew', async () => {
    const [old, rotating] = [peppersOf('old'), peppersOf('new', 'old')];
    const apiKey = generateApiKey(randomBytes);
    const digestUnder = (peppers: typeof old) => hashApiKey(peppers.current, apiKey);
    const fileWith = (digest: string) => rig.fileOf({ apiKeys: [{ ...usual, name: 'ci', digest }] });
    const rotatingDeps = { deps: rig.deps(rotating) };
    await rig.apply(fileWith(digestUnder(old)), { deps: rig.deps(old) });
    expect(await rig.apply(fileWith(digestUnder(old)), rotatingDeps)).toEqual([]);
    expect(await rig.problemsOf(fileWith(digestUnder(rotating)), rotatingDeps)).toEqual([
      expect.stringMatching(/^api-key ci: .*under each pepper/u),
    ]);
    const both = fileWith(`${digestUnder(rotating)},${digestUnder(old)}`);
    expect(await rig.apply(both, rotatingDeps)).toEqual(['update api-key digest']);
    expect(await rig.apply(both, rotatingDeps)).toEqual([]);
    expect(doneValue(await listApiKeys(rig.deps(), root, { tenant })).items).toMatchObject([{ name: 'ci' }]);
    const verifier = rig.openVerifier(undefined, undefined, { peppers: peppersOf('new') });
    expect(await verifier.verify(apiKey)).toMatchObject({ kind: 'verified' });
  });

  test('one that was rotated before the file named it keeps its end', async () => {
    doneValue(await createTenant(rig.deps(), root, { id: tenant, name, allowlist: all }));
    const { apiKey, id } = await rig.newApiKey({ tenant, scopes: ['messages'] });
    doneValue(await rotateApiKey(rig.deps(), root, { tenant, id, overlapMs: 1000 }));
    const { expiresAt } = doneValue(await getApiKey(rig.deps(), root, { tenant, id }));
    await rig.apply(rig.fileOf({ apiKeys: [{ ...usual, name: 'new name', apiKey }] }));
    expect(doneValue(await getApiKey(rig.deps(), root, { tenant, id }))).toMatchObject({ name: 'new name', expiresAt });
  });

  test('one that the API revoked stays revoked', async () => {
    const apiKey = generateApiKey(randomBytes);
    const file = rig.fileOf({ apiKeys: [{ ...usual, name: 'ci', apiKey }] });
    await rig.apply(file);
    const id = doneValue(await listApiKeys(rig.deps(), root, { tenant })).items[0]?.id ?? '';
    doneValue(await revokeApiKey(rig.deps(), root, { tenant, id }));
    expect(await rig.problemsOf(file)).toEqual([expect.stringMatching(/was revoked/u)]);
    expect(await rig.openVerifier().verify(apiKey)).toEqual({ kind: 'unknown', reason: 'revoked' });
  });
});
