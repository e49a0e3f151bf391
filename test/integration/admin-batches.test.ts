import {
  createGate,
  jsonAt,
  jsonListAt,
  jsonScript,
  jsonTextAt,
  playModel,
  say,
  startScriptedUpstream,
  waitFor,
} from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openAdminRig } from './support/admin-rig.ts';
import type { AdminRig } from './support/admin-rig.ts';
import { openBatchWork } from './support/batch-work.ts';
import type { BatchWork } from './support/batch-work.ts';

const patience = { timeout: 15_000 };
const hello = playModel([{ content: [say('Hello.')] }]);

let rig: AdminRig;
let upstream: ScriptedUpstream;
let batches: BatchWork;
beforeAll(async () => {
  rig = await openAdminRig('admin-batches', { env: { RATE_LIMIT_RPM: '' } });
  upstream = await startScriptedUpstream();
  batches = await openBatchWork(rig.redis, upstream.url);
});
afterAll(async () => {
  await batches.close();
  await rig.close();
  await upstream.close();
});

let tenant: string;
let tenants = 0;
beforeEach(async () => {
  upstream.reset();
  upstream.play(hello);
  tenants += 1;
  tenant = await createTenant(`team-${tenants}`);
});
afterEach(async () => {
  await batches.stopWorking();
  // What a test leaves would take the place of the items of the next one.
  for (const id of (await list('?status=in_progress&limit=200')).ids) await cancel(id);
});

async function createTenant(id: string): Promise<string> {
  const body = { id, name: 'A team', allowlist: { models: ['*'] } };
  expect((await rig.call('POST', '/tenants', { body })).status).toBe(201);
  return id;
}

interface Person {
  readonly id: string;
  readonly key: string;
  readonly keyId: string;
}

async function person(name: string, scopes: readonly string[], of = tenant): Promise<Person> {
  const user = await rig.call('POST', `/tenants/${of}/users`, { body: { name } });
  const id = jsonTextAt(user.body, 'id');
  const body = { name: 'laptop', owner: { kind: 'user', id }, scopes };
  const made = await rig.call('POST', `/tenants/${of}/api-keys`, { body });
  return { id, key: jsonTextAt(made.body, 'apiKey'), keyId: jsonTextAt(made.body, 'record', 'id') };
}

const developer = (name = 'ada', of = tenant) => person(name, ['messages', 'batches', 'self'], of);

const create = ({ key }: Pick<Person, 'key'>, items: number) => batches.create(key, items);

const get = (id: string, credential?: string) =>
  rig.call('GET', `/batches/${id}`, credential === undefined ? {} : { credential });
const list = async (query: string, credential?: string) => {
  const answer = await rig.call('GET', `/batches${query}`, credential === undefined ? {} : { credential });
  expect(answer.status).toBe(200);
  return {
    ids: jsonListAt(answer.body, 'items').map((item) => jsonTextAt(item, 'id')),
    next: jsonAt(answer.body, 'nextCursor') === undefined ? undefined : jsonTextAt(answer.body, 'nextCursor'),
    text: answer.text,
  };
};
const cancel = (id: string, credential?: string) =>
  rig.call('POST', `/batches/${id}/cancel`, credential === undefined ? {} : { credential });

describe('the progress of a batch', () => {
  test('is told while it runs: items that wait, run and have ended are always the total', async () => {
    const ada = await developer();
    const gate = createGate();
    let asked = 0;
    upstream.play((request) => [...((asked += 1) === 1 ? [] : [waitFor(gate.opened)]), ...hello(request)]);
    const id = await create(ada, 5);
    expect((await get(id)).body).toEqual({
      id,
      tenant,
      user: ada.id,
      userName: 'ada',
      apiKey: ada.keyId,
      status: 'in_progress',
      counts: { total: 5, waiting: 5, running: 0, succeeded: 0, errored: 0, canceled: 0, expired: 0 },
      models: [{ model: 'claude-opus-5-5', items: 5 }],
      inputBytes: expect.any(Number),
      estimatedCostMicroDollars: expect.any(Number),
      createdAt: expect.any(String),
      expiresAt: expect.any(String),
      archivesAt: expect.any(String),
    });
    await batches.work(2);
    await expect
      .poll(async () => (await get(id)).body, patience)
      .toMatchObject({
        status: 'in_progress',
        startedAt: expect.any(String),
        counts: { waiting: 2, running: 2, succeeded: 1 },
      });
    gate.open();
    await expect.poll(async () => jsonAt((await get(id)).body, 'status'), patience).toBe('ended');
    expect((await get(id)).body).toMatchObject({
      counts: { total: 5, waiting: 0, running: 0, succeeded: 5, errored: 0 },
      endedAt: expect.any(String),
    });
  });

  test('tells that its items wait as long as a provider asks, and no more when they have run', async () => {
    const body = { type: 'error', error: { type: 'rate_limit_error', message: 'Wait.' } };
    upstream.answer(jsonScript(429, body, { 'retry-after': '3' }));
    const id = await create(await developer(), 1);
    expect(jsonAt((await get(id)).body, 'waitsFor')).toBeUndefined();
    const soon = Date.now() + 3000;
    await batches.work(1);
    await expect
      .poll(async () => jsonAt((await get(id)).body, 'waitsFor'), patience)
      .toMatchObject({
        reason: 'provider',
        name: 'anthropic',
        until: expect.toSatisfy((until: string) => Date.parse(until) >= soon && Date.parse(until) < soon + 20_000),
      });
    const listed = jsonListAt(JSON.parse((await list('?status=in_progress')).text), 'items');
    expect(listed).toMatchObject([{ id, waitsFor: { reason: 'provider' } }]);
    await expect.poll(async () => jsonAt((await get(id)).body, 'status'), patience).toBe('ended');
    expect(jsonAt((await get(id)).body, 'waitsFor')).toBeUndefined();
  });

  test('tells that a limit or a budget stops its items, and until when, and goes on when it is raised', async () => {
    const id = await create(await developer(), 3);
    const put = (name: string, rule: object) =>
      rig.call('PUT', `/tenants/${tenant}/limits/${name}`, { body: { level: 'user', ...rule } });
    expect((await put('money', { kind: 'budget', amount: 0.000001, per: 'day' })).status).toBe(200);
    await batches.work(1);
    const tomorrow = new Date(new Date().setUTCHours(24, 0, 0, 0)).getTime();
    await expect
      .poll(async () => jsonAt((await get(id)).body, 'waitsFor'), patience)
      .toMatchObject({
        reason: 'budget',
        name: 'money',
        // Whole seconds from the time of the try on.
        until: expect.toSatisfy((until: string) => Math.abs(Date.parse(until) - tomorrow) < 5000),
      });
    expect(upstream.requests).toEqual([]);
    await put('rate', { kind: 'requests', amount: 1, per: 'minute' });
    expect((await rig.call('DELETE', `/tenants/${tenant}/limits/money`)).status).toBe(200);
    await expect
      .poll(async () => (await get(id)).body, { timeout: 40_000 })
      .toMatchObject({
        counts: { succeeded: 1, waiting: 2 },
        waitsFor: { reason: 'limit', name: 'rate' },
      });
    // What is canceled waits for nothing more.
    expect(jsonAt((await cancel(id)).body, 'waitsFor')).toBeUndefined();
    await expect.poll(async () => jsonAt((await get(id)).body, 'status'), patience).toBe('ended');
    expect(jsonAt((await get(id)).body, 'waitsFor')).toBeUndefined();
  }, 60_000);

  test('has an estimate of what it costs, and nothing of its prompts or of a credential', async () => {
    const ada = await developer();
    const { text, body } = await get(await create(ada, 3));
    expect(Number(jsonAt(body, 'estimatedCostMicroDollars'))).toBeGreaterThan(0);
    for (const secret of ['a secret prompt', ada.key]) expect(text).not.toContain(secret);
  });

  test('ends when its time is over, though no worker is there to notice', async () => {
    const id = await create(await developer(), 2);
    rig.setAheadMs(24 * 60 * 60 * 1000 + 1000);
    try {
      expect((await get(id)).body).toMatchObject({ status: 'ended', counts: { waiting: 0, expired: 2 } });
    } finally {
      rig.setAheadMs(0);
    }
  });
});

describe('batches are seen', () => {
  test('by their owner with the scope self, by tenant:read, and by operators; to others they do not exist', async () => {
    const [ada, bob] = [await developer('ada'), await developer('bob')];
    const reader = await person('reader', ['tenant:read']);
    const blind = await person('blind', ['messages', 'batches']);
    const other = await person('eve', ['tenant:write'], await createTenant(`${tenant}-other`));
    const [ofAda, ofBob] = [await create(ada, 1), await create(bob, 1)];
    expect((await list('', ada.key)).ids).toEqual([ofAda]);
    expect((await list('', reader.key)).ids).toEqual([ofBob, ofAda]);
    expect((await list(`?tenant=${tenant}`)).ids).toEqual([ofBob, ofAda]);
    expect((await list('', other.key)).ids).toEqual([]);
    expect((await get(ofAda, ada.key)).status).toBe(200);
    expect((await get(ofAda, reader.key)).status).toBe(200);
    for (const stranger of [bob, other]) {
      expect(await get(ofAda, stranger.key)).toMatchObject({ status: 404, body: { code: 'unknown' } });
      expect(await cancel(ofAda, stranger.key)).toMatchObject({ status: 404, body: { code: 'unknown' } });
    }
    for (const path of ['/batches', `/batches/${ofAda}`]) {
      const answer = await rig.call('GET', path, { credential: blind.key });
      expect(answer).toMatchObject({ status: 403, body: { code: 'scope-missing' } });
    }
    expect(await rig.call('GET', `/batches?tenant=${tenant}`, { credential: other.key })).toMatchObject({
      status: 404,
    });
    expect(await cancel(ofAda, reader.key)).toMatchObject({ status: 403, body: { code: 'scope-missing' } });
    expect((await get(ofAda)).body).toMatchObject({ status: 'in_progress' });
  });

  test('of a service by its API key', async () => {
    const body = { name: 'ci', owner: { kind: 'service' }, scopes: ['batches', 'self'] };
    const made = await rig.call('POST', `/tenants/${tenant}/api-keys`, { body });
    const key = jsonTextAt(made.body, 'apiKey');
    await create(await developer(), 1);
    const id = await create({ key }, 1);
    expect((await list('', key)).ids).toEqual([id]);
    const { body: shown } = await get(id, key);
    expect(shown).toMatchObject({ apiKey: jsonTextAt(made.body, 'record', 'id') });
    expect(jsonAt(shown, 'user')).toBeUndefined();
  });

  test('of all tenants page by page, newest first, each once, and by their status', async () => {
    const others = await createTenant(`${tenant}-b`);
    const people = [await developer('ada'), await developer('bob', others)];
    const made: string[] = [];
    for (const owner of [...people, ...people, ...people, ...people]) made.push(await create(owner, 1));
    const wanted = made.toReversed();
    const canceled = [made[1], made[4]].filter((id) => id !== undefined);
    for (const id of canceled) expect((await cancel(id)).status).toBe(200);
    const pages = async (query: string) => {
      const ids: string[] = [];
      let cursor = '';
      do {
        const page = await list(`?limit=2${query}${cursor}`);
        expect(page.ids.length).toBeLessThanOrEqual(2);
        ids.push(...page.ids);
        cursor = page.next === undefined ? '' : `&cursor=${page.next}`;
      } while (cursor !== '');
      return ids.filter((id) => made.includes(id));
    };
    expect(await pages('')).toEqual(wanted);
    expect(await pages('&status=ended')).toEqual(wanted.filter((id) => canceled.includes(id)));
    expect(await pages('&status=in_progress')).toEqual(wanted.filter((id) => !canceled.includes(id)));
    expect(await pages('&status=canceling')).toEqual([]);
  });

  test.each([
    ['?status=done', 'status'],
    ['?limit=0', 'limit'],
    ['?cursor=nonsense', 'cursor'],
    ['?batch=1', 'batch'],
  ])('with the query %s are refused by its field', async (query, path) => {
    expect(await rig.call('GET', `/batches${query}`)).toMatchObject({ status: 400, body: { errors: [{ path }] } });
  });

  test('under another id do not exist', async () => {
    for (const id of ['msgbatch_00000000000000000000000000000000', 'x', '..']) {
      expect((await get(id)).status).toBe(404);
      expect((await cancel(id)).status).toBe(404);
    }
  });
});

describe('a batch is canceled', () => {
  test('by its owner, whose items that run get their results', async () => {
    const ada = await developer();
    const gate = createGate();
    upstream.play((request) => [waitFor(gate.opened), ...hello(request)]);
    const id = await create(ada, 6);
    await batches.work(1);
    await expect.poll(async () => jsonAt((await get(id)).body, 'counts', 'running'), patience).toBe(1);
    expect((await cancel(id, ada.key)).body).toMatchObject({ status: 'canceling', counts: { running: 1 } });
    gate.open();
    await expect.poll(async () => jsonAt((await get(id)).body, 'status'), patience).toBe('ended');
    expect((await get(id)).body).toMatchObject({ counts: { succeeded: 1, canceled: 5, waiting: 0, running: 0 } });
  });

  test('once, however often it is asked for: one entry in the audit log, of the tenant that has it', async () => {
    const admin = await person('admin', ['tenant:write']);
    const id = await create(await developer(), 2);
    const [first, ...others] = await Promise.all([1, 2, 3].map(() => cancel(id, admin.key)));
    for (const answer of [first, ...others, await cancel(id)]) {
      expect(answer).toMatchObject({ status: 200, body: { status: 'ended', counts: { canceled: 2 } } });
    }
    const { body } = await rig.call('GET', `/tenants/${tenant}/audit?limit=200`);
    const entries = jsonListAt(body, 'items').filter((entry) => jsonAt(entry, 'action') === 'batch.cancel');
    expect(entries).toMatchObject([
      { outcome: 'done', tenant, subject: { kind: 'batch', id }, actor: { kind: 'api-key', id: admin.keyId } },
    ]);
  });

  test('by an operator into the log of its tenant, and what is denied stands in the log of who was denied', async () => {
    const [ada, bob] = [await developer('ada'), await developer('bob')];
    const id = await create(ada, 1);
    expect((await cancel(id, bob.key)).status).toBe(404);
    expect((await cancel(id)).status).toBe(200);
    const { body } = await rig.call('GET', `/tenants/${tenant}/audit?limit=200`);
    const entries = jsonListAt(body, 'items').filter((entry) => jsonAt(entry, 'action') === 'batch.cancel');
    expect(entries).toMatchObject([
      { outcome: 'denied', actor: { id: bob.keyId }, details: { reason: 'unknown' } },
      { outcome: 'done', actor: { kind: 'operator' }, subject: { id } },
    ]);
  });
});

test('without Redis they are answered with 503, and again when it is back', async () => {
  const ada = await developer();
  const id = await create(ada, 1);
  expect((await get(id)).status).toBe(200);
  rig.proxy.cut();
  try {
    for (const answer of [await rig.call('GET', '/batches'), await get(id), await cancel(id)]) {
      expect(answer).toMatchObject({ status: 503, body: { code: 'store-unavailable' } });
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/u);
    }
  } finally {
    rig.proxy.restore();
  }
  await expect.poll(async () => (await get(id)).status, patience).toBe(200);
});
