import { Secret } from '@ccg/kernel';
import { describe, expect, test } from 'vitest';
import type { ApiKeyRecord, PolicyRecord, TenantRecord, UserRecord } from '../records.ts';
import { drift } from './drift.ts';
import type { CurrentTenant, FoundApiKey } from './drift.ts';
import type { WantedApiKey, WantedDirectory, WantedTenant } from './wanted.ts';

const createdAt = '2026-11-01T00:00:00.000Z';
const nowMs = Date.parse('2026-12-01T00:00:00.000Z');
const all = { models: ['*'] };
const origin = 'file';
const active = { state: 'active', policies: [], createdAt } as const;

const tenant: TenantRecord = { id: 'acme', name: 'Acme', allowlist: all, origin, ...active };
const ada: UserRecord = { id: 'usr_ada', name: 'ada', origin, ...active };
const small: PolicyRecord = { name: 'small', allowlist: all, createdAt, origin };
const key: ApiKeyRecord = {
  id: 'key_ci',
  name: 'ci',
  owner: { kind: 'service' },
  scopes: ['messages'],
  digests: ['d'],
  origin,
  ...active,
};

const wantedKey: WantedApiKey = {
  name: 'ci',
  scopes: ['messages'],
  policies: [],
  apiKey: new Secret('ccg_live_secretpart'),
};
const wantedTenant: WantedTenant = {
  id: 'acme',
  name: 'Acme',
  allowlist: all,
  policies: [],
  users: [{ name: 'ada', policies: [] }],
  apiKeys: [wantedKey],
};
const wanted: WantedDirectory = { policies: [{ name: 'small', allowlist: all }], tenants: [wantedTenant] };

const found: FoundApiKey = { kind: 'active', record: key, isIndexed: true };
const stored: CurrentTenant = {
  record: tenant,
  policies: [small],
  users: [ada],
  apiKeys: [found],
  ownedApiKeys: [key],
};

interface Case {
  readonly file?: Partial<WantedTenant> | 'without acme';
  readonly policies?: WantedDirectory['policies'];
  readonly store?: Partial<CurrentTenant> | 'empty';
  readonly prune?: boolean;
}

function driftOf({ file = {}, policies = wanted.policies, store = {}, prune = false }: Case) {
  const tenants = file === 'without acme' ? [] : [{ ...wantedTenant, ...file }];
  const current = new Map(store === 'empty' ? [] : [['acme', { ...stored, ...store }]]);
  return drift({ policies, tenants }, current, { prune, nowMs });
}

function linesOf(one: Case): readonly string[] {
  const { steps } = driftOf(one);
  return steps.map(({ action, kind, id, fields = [] }) => [action, kind, id, ...fields].join(' '));
}

test('a store that has what the file says has no drift, with a prune and without', () => {
  for (const prune of [false, true]) expect(driftOf({ prune })).toEqual({ steps: [], problems: [] });
});

test('an empty store gets everything, and what is named before what names it', () => {
  expect(linesOf({ store: 'empty' })).toEqual([
    'create tenant acme',
    'create policy small',
    'create user ada',
    'create api-key ci',
  ]);
});

test.each<[string, Case, readonly string[]]>([
  [
    'every field of a tenant',
    {
      file: {
        name: 'ACME',
        allowlist: { targets: ['a:*'] },
        limits: { requestsPerMinute: 5 },
        timeZone: 'Europe/Berlin',
        contact: 'ops',
        waitingWeight: 2,
        policies: ['small'],
      },
      store: { record: { ...tenant, origin: undefined } },
    },
    ['update tenant acme name allowlist limits timeZone contact waitingWeight policies origin'],
  ],
  [
    'the allowlist of a policy',
    { policies: [{ name: 'small', allowlist: { models: ['x'] } }] },
    ['update policy small allowlist'],
  ],
  [
    'every field of a user',
    {
      file: { users: [{ name: 'ada', allowlist: all, policies: ['small'], group: 'research', waitingWeight: 2 }] },
      store: { users: [{ ...ada, origin: undefined }] },
    },
    ['update user usr_ada allowlist policies group waitingWeight origin'],
  ],
  [
    'every field of an API key',
    {
      file: {
        apiKeys: [
          {
            ...wantedKey,
            name: 'CI',
            owner: 'ada',
            scopes: ['messages', 'self'],
            allowlist: all,
            policies: ['small'],
            expiresAtMs: nowMs + 1,
          },
        ],
      },
      store: { apiKeys: [{ kind: 'active', record: { ...key, origin: undefined }, isIndexed: false }] },
    },
    ['update api-key key_ci name owner scopes allowlist policies expiresAt origin digest'],
  ],
  [
    'no limit at all, where the file leaves it to the default,',
    { store: { record: { ...tenant, limits: { requestsPerMinute: undefined } } } },
    ['update tenant acme limits'],
  ],
  [
    'the amount of a limit in a list',
    {
      file: { limits: [{ level: 'user', kind: 'requests', amount: 5, per: 'minute' }] },
      store: { record: { ...tenant, limits: [{ level: 'user', kind: 'requests', amount: 6, per: 'minute' }] } },
    },
    ['update tenant acme limits'],
  ],
  ['a user whom the API renamed away', { store: { users: [] } }, ['create user ada']],
  [
    'what the file had suspended before it named it again',
    { store: { record: { ...tenant, state: 'suspended', suspendedBy: 'file' } } },
    ['resume tenant acme'],
  ],
])('%s is a change that names what differs', (_what, one, lines) => {
  expect(linesOf(one)).toEqual(lines);
});

test.each<[string, Case]>([
  ['a suspension by the API', { store: { record: { ...tenant, state: 'suspended' } } }],
  [
    'the order of the members of an allowlist',
    {
      file: { allowlist: { models: ['*'], targets: ['a:*'] } },
      store: { record: { ...tenant, allowlist: { targets: ['a:*'], models: ['*'] } } },
    },
  ],
  ['a scope that stands twice', { file: { apiKeys: [{ ...wantedKey, scopes: ['messages', 'messages'] }] } }],
  [
    'the end that a rotation gave to an API key',
    { store: { apiKeys: [{ ...found, record: { ...key, successor: 'key_2', expiresAt: createdAt } }] } },
  ],
])('%s is no drift', (_what, one) => {
  expect(linesOf(one)).toEqual([]);
});

describe('what the file names no more', () => {
  const gone: Case = { file: { users: [], apiKeys: [] }, policies: [], store: { apiKeys: [] } };

  test('stays without a prune, and is ended with one', () => {
    expect(linesOf(gone)).toEqual([]);
    expect(linesOf({ file: 'without acme' })).toEqual([]);
    const ended = ['revoke api-key key_ci', 'suspend user usr_ada', 'remove policy small'];
    expect(linesOf({ ...gone, prune: true })).toEqual(ended);
    expect(linesOf({ file: 'without acme', policies: [], prune: true })).toEqual(['suspend tenant acme', ...ended]);
  });

  test('stays when the API made it', () => {
    const byApi = {
      record: { ...tenant, origin: undefined },
      users: [{ ...ada, origin: undefined }],
      policies: [{ ...small, origin: undefined }],
      ownedApiKeys: [],
    };
    expect(linesOf({ ...gone, store: { ...byApi, record: tenant, apiKeys: [] }, prune: true })).toEqual([]);
    expect(linesOf({ file: 'without acme', store: byApi, prune: true })).toEqual([]);
  });
});

test.each<[string, Partial<WantedApiKey>, FoundApiKey, string]>([
  ['was revoked', {}, { kind: 'revoked' }, 'It was revoked, and stays so'],
  ['is another tenant’s', {}, { kind: 'elsewhere' }, 'It belongs to another tenant'],
  ['stands in the file twice', {}, { kind: 'repeated' }, 'It stands in the file twice'],
  ['has expired', { expiresAtMs: nowMs }, { kind: 'absent' }, 'It has expired, so it is not created'],
])('an API key that %s is a problem and no change', (_what, settings, apiKey, message) => {
  const one = { file: { apiKeys: [{ ...wantedKey, ...settings }] }, store: { apiKeys: [apiKey] } };
  expect(driftOf(one)).toEqual({
    steps: [],
    problems: [{ kind: 'api-key', tenant: 'acme', id: 'ci', message: expect.stringContaining(message) }],
  });
});
