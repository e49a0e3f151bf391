import { parseConfig, startGateway } from '@ccg/gateway';
import type { RunningGateway } from '@ccg/gateway';
import { jsonAt, jsonTextAt } from '@ccg/testkit';
import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAdminRig, pepper } from './support/admin-rig.ts';
import type { AdminRig } from './support/admin-rig.ts';
import { createCredentials } from './support/security-credentials.ts';
import type { SecurityCredentials } from './support/security-credentials.ts';
import { adminRows, gatewayRows } from './support/security-rows.ts';
import type { SecurityRow } from './support/security-rows.ts';

/** One endpoint with one of its methods. */
interface Place extends SecurityRow {
  readonly app: 'gateway' | 'admin';
  readonly name: string;
  readonly method: string;
  /** With `:tenant`, `:user`, `:id` and `:name`, where it names something. */
  readonly path: string;
}

interface Answer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  /** Without the request id. */
  readonly text: string;
  readonly body: unknown;
}

let rig: AdminRig;
let gateway: RunningGateway;
let credentials: SecurityCredentials;
let places: readonly Place[];
beforeAll(async () => {
  // The file is there before the two that read it.
  rig = await openAdminRig('security', {
    env: { TRUST_PROXY: '127.0.0.1', RATE_LIMIT_RPM: '' },
    async prepare(deps, folder) {
      credentials = await createCredentials(deps, folder);
      return { GATEWAY_CONFIG: `${folder}/gateway.yaml` };
    },
  });
  const parsed = parseConfig({
    REDIS_URL: rig.proxy.url,
    REDIS_KEY_PREFIX: rig.redis.keyPrefix,
    KEY_PEPPER: pepper,
    GATEWAY_CONFIG: `${rig.folder}/gateway.yaml`,
    TRUST_PROXY: '127.0.0.1',
    PORT: '0',
    OPS_PORT: '0',
    OPENAI_BASE_URL: 'http://127.0.0.1:1/v1',
    BIG_MODEL: 'x',
    SMALL_MODEL: 'x',
    MODEL_LIST_INTERVAL_MS: '0',
    PUBLIC_BASE_URL: 'http://gateway.example.com',
  });
  if (parsed.kind === 'faulty') throw new Error(parsed.message);
  gateway = await startGateway(parsed.config, { log: { write() {} } });
  places = [
    ...placesOf('gateway', gateway.endpoints, gatewayRows),
    ...placesOf('admin', rig.admin.endpoints, adminRows),
  ];
});
afterAll(async () => {
  await gateway.drain();
  await rig.close();
});

function placesOf(
  app: Place['app'],
  endpoints: RunningGateway['endpoints'],
  rows: Readonly<Record<string, SecurityRow>>,
): Place[] {
  return endpoints.flatMap(({ name, path, methods }) => {
    const row = rows[name];
    if (row === undefined) throw new Error(`The endpoint ${name} has no row. Write what it needs.`);
    const [method = ''] = methods === 'any' ? ['GET'] : methods;
    return [
      { ...row, app, name, method, path: path.replace('{/*rest}', '/x').replace('*rest', 'x').replace('*id', 'x') },
    ];
  });
}

const dispatcher = new Agent({ pipelining: 0 });
let addresses = 0;

interface Ids {
  readonly tenant: string;
  readonly user: string;
  readonly id: string;
  readonly name: string;
}

async function ask(
  place: Place,
  headers: Readonly<Record<string, string>>,
  ids: Ids = credentials.ids.own,
): Promise<Answer> {
  const base = place.app === 'gateway' ? gateway.url : rig.admin.url;
  const path = place.path.replaceAll(/:(tenant|user|id|name)\b/gu, (_match, name: keyof Ids) => ids[name]);
  // Every request comes from another address: who is slowed is another test.
  addresses += 1;
  const response = await fetch(base + path, {
    dispatcher,
    method: place.method,
    headers: {
      'x-forwarded-for': `10.${addresses >> 16}.${(addresses >> 8) & 255}.${addresses & 255}`,
      ...(place.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(place.body === undefined ? {} : { body: JSON.stringify(place.body) }),
  });
  const text = (await response.text()).replaceAll(response.headers.get('request-id') ?? '', 'ID');
  return { status: response.status, headers: response.headers, text, body: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });
const closed = () => places.filter(({ needs }) => needs !== 'public' && needs !== 'basic');

/** Whether it is the error of the app's form: an Anthropic envelope, or a problem. */
function codeOf({ app }: Place, { body }: Answer): string {
  return app === 'gateway' ? jsonTextAt(body, 'error', 'type') : jsonTextAt(body, 'code');
}

async function expectEverywhere(
  headers: Readonly<Record<string, string>>,
  expected: (place: Place) => readonly [status: number, gatewayType: string, adminCode: string] | undefined,
): Promise<void> {
  const found: unknown[] = [];
  const wanted: unknown[] = [];
  for (const place of closed()) {
    const want = expected(place);
    const answer = await ask(place, headers);
    if (want === undefined) {
      found.push([place.name, [401, 403, 500].includes(answer.status)]);
      wanted.push([place.name, false]);
    } else {
      found.push([place.name, answer.status, codeOf(place, answer)]);
      wanted.push([place.name, want[0], want[place.app === 'gateway' ? 1 : 2]]);
    }
  }
  expect(found).toEqual(wanted);
}

test('every endpoint has a row, and every row an endpoint', () => {
  const named = (app: Place['app']) => [
    ...new Set(places.filter((place) => place.app === app).map(({ name }) => name)),
  ];
  expect(named('gateway').toSorted()).toEqual(Object.keys(gatewayRows).toSorted());
  expect(named('admin').toSorted()).toEqual(Object.keys(adminRows).toSorted());
});

test('only greetings and the description of the admin API need no credential', async () => {
  const open = places.filter(({ needs }) => needs === 'public');
  expect(open.map(({ path }) => path)).toEqual(['/', '/api/hello', '/admin/v1/openapi.json']);
  for (const place of open) expect((await ask(place, {})).status).toBe(200);
  const declared = [...gateway.endpoints, ...rig.admin.endpoints].filter(({ access }) => access === 'public');
  expect(declared.map(({ path }) => path)).toEqual(open.map(({ path }) => path));
});

test('where HTTP Basic is asked for, nothing else lets in: no header, and no credential in another form', async () => {
  const basic = places.filter(({ needs }) => needs === 'basic');
  expect(basic.length).toBeGreaterThan(1);
  const all = [rig.token, credentials.operatorReader, ...Object.values(credentials.withScopes)];
  for (const place of basic) {
    for (const headers of [{}, ...all.flatMap((one) => [bearer(one), { 'x-api-key': one }])]) {
      const answer = await ask(place, headers);
      expect([place.name, answer.status, codeOf(place, answer)]).toEqual([place.name, 401, 'credential-missing']);
    }
  }
});

describe('everywhere else', () => {
  test('no credential is a 401 that is not tried again', async () => {
    await expectEverywhere({}, () => [401, 'authentication_error', 'credential-missing']);
    for (const place of closed()) expect((await ask(place, {})).headers.get('x-should-retry')).toBe('false');
  });

  test('bad credentials of all kinds are one and the same 401', async () => {
    for (const app of ['gateway', 'admin'] as const) {
      const answers = new Map<string, string[]>();
      for (const place of closed().filter((one) => one.app === app)) {
        for (const [what, credential] of Object.entries(credentials.bad)) {
          const answer = await ask(place, bearer(credential));
          const said = `${answer.status} ${answer.headers.get('x-should-retry')} ${answer.text}`;
          answers.set(said, [...(answers.get(said) ?? []), `${place.name} with ${what}`]);
        }
      }
      const [only = '', ...others] = answers.keys();
      expect(others.map((said) => [said, answers.get(said)])).toEqual([]);
      expect(only).toMatch(/^401 false .*revoked or never issued/u);
    }
  });

  test.each(['user', 'tenant'] as const)('a suspended %s is told so', async (who) => {
    await expectEverywhere(bearer(credentials.suspended[who]), () => [403, 'permission_error', 'suspended']);
  });

  test('two different credentials of ours are refused, whichever they are', async () => {
    const { messages, writer } = credentials.withScopes;
    const ambiguous = [401, 'authentication_error', 'credential-ambiguous'] as const;
    for (const second of [writer, credentials.operatorReader]) {
      await expectEverywhere({ ...bearer(messages), 'x-api-key': second }, () => ambiguous);
    }
    for (const place of closed().filter(({ app }) => app === 'admin')) {
      const answer = await ask(place, { ...bearer(rig.token), 'x-api-key': writer });
      expect([place.name, answer.status, codeOf(place, answer)]).toEqual([place.name, 401, 'credential-ambiguous']);
    }
  });

  const denied = [403, 'permission_error', 'scope-missing'] as const;

  test('a credential for models reaches models and who it is, and nothing else', async () => {
    await expectEverywhere(bearer(credentials.withScopes.messages), ({ needs }) =>
      needs === 'messages' || needs === 'any' ? undefined : denied,
    );
  });

  test('a credential for the own account reaches no model and no administration', async () => {
    await expectEverywhere(bearer(credentials.withScopes.self), ({ needs, orSelf }) =>
      needs === 'self' || needs === 'any' || orSelf === true ? undefined : denied,
    );
  });

  test('who may read a tenant writes nothing', async () => {
    await expectEverywhere(bearer(credentials.withScopes.reader), ({ needs }) =>
      needs === 'tenant:read' || needs === 'any' ? undefined : denied,
    );
  });

  test('an operator who may read writes nothing, and uses no model', async () => {
    await expectEverywhere(bearer(credentials.operatorReader), ({ needs }) =>
      ['tenant:read', 'operator:read', 'any'].includes(needs) ? undefined : denied,
    );
  });

  test('the administrator of a tenant rules over no other', async () => {
    await expectEverywhere(bearer(credentials.withScopes.writer), ({ needs }) =>
      needs.startsWith('operator:') ? denied : undefined,
    );
  });
});

describe('what belongs to another tenant', () => {
  const nobody = { tenant: 'no-such', user: 'usr_nobody', id: 'key_nothing', name: 'no-such' };
  const of = (part: string) =>
    closed().filter(({ path, needs }) => path.includes(part) && !needs.startsWith('operator'));

  async function expectAlike(place: Place, one: Ids, other: Ids): Promise<void> {
    for (const credential of [
      credentials.withScopes.writer,
      credentials.withScopes.self,
      credentials.withScopes.reader,
    ]) {
      const [exists, exists_not] = [
        await ask(place, bearer(credential), one),
        await ask(place, bearer(credential), other),
      ];
      expect([place.name, exists.status, exists.text]).toEqual([place.name, exists_not.status, exists_not.text]);
      expect([403, 404]).toContain(exists.status);
    }
  }

  test('is answered byte for byte like what does not exist, wherever a tenant is named', async () => {
    expect(of(':tenant').length).toBeGreaterThan(15);
    for (const place of of(':tenant')) await expectAlike(place, credentials.ids.other, nobody);
  });

  test.each(['user', 'id'] as const)('and also within the own tenant (%s)', async (part) => {
    const { own, other } = credentials.ids;
    expect(of(`:${part}`).length).toBeGreaterThan(2);
    for (const place of of(`:${part}`)) {
      await expectAlike(place, { ...own, [part]: other[part] }, { ...own, [part]: nobody[part] });
    }
  });
});

test('half of a character, wherever it stands in a body, is no fault of the server, and everybody goes on', async () => {
  const half = 'x\ud800';
  const halves: readonly object[] = [
    ...['id', 'name', 'digest', 'issuer', 'subject', 'expiresAt', 'model'].map((field) => ({ [field]: half })),
    { owner: { kind: 'user', id: half } },
    { allowlist: { models: [half] } },
    { allowlist: { targets: [`${half}:*`] } },
    { policies: [half] },
    { scopes: [half] },
    { limits: [{ name: half, level: 'tenant', kind: 'requests', amount: 1, per: 'minute' }] },
    { subject: undefined, tokenId: half },
    { messages: [{ role: 'user', content: half }] },
    { metadata: { user_id: half } },
  ];
  const { writer } = credentials.withScopes;
  const found: unknown[] = [];
  for (const place of closed()) {
    for (const part of place.body === undefined ? [] : halves) {
      const changed = { ...place, body: { ...place.body, ...part } };
      for (const credential of place.app === 'admin' ? [rig.token, writer] : [writer]) {
        const { status } = await ask(changed, bearer(credential));
        if (status >= 500 && place.app === 'admin') found.push([place.name, part, status]);
        if (status === 500) found.push([place.name, part, status]);
      }
    }
  }
  expect(found).toEqual([]);
  for (const credential of [writer, credentials.withScopes.self, credentials.operatorReader]) {
    for (const place of closed().filter(({ name }) => name === 'admin.self.get' || name === 'models')) {
      const { status } = await ask(place, bearer(credential));
      expect([place.name, status === 200 || status === 403]).toEqual([place.name, true]);
    }
  }
});

test('without Redis every credential that is not remembered is a 503 with a time to wait', async () => {
  rig.proxy.cut();
  const [unseen = ''] = credentials.unseen;
  await expectEverywhere(bearer(unseen), () => [503, 'api_error', 'store-unavailable']);
  for (const place of closed()) expect((await ask(place, bearer(unseen))).headers.get('retry-after')).toBe('5');
  // The operators' token needs no store to be known, but what it asks for does.
  for (const place of closed().filter(({ app, needs }) => app === 'admin' && needs !== 'any' && needs !== 'self')) {
    const answer = await ask(place, bearer(rig.token));
    expect([place.name, answer.status, jsonAt(answer.body, 'code')]).toEqual([place.name, 503, 'store-unavailable']);
  }
  rig.proxy.restore();
});
