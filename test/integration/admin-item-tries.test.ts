import type { Store } from '@ccg/store';
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
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openAdminRig } from './support/admin-rig.ts';
import type { AdminRig } from './support/admin-rig.ts';
import { openBatchWork } from './support/batch-work.ts';
import type { BatchWork } from './support/batch-work.ts';

// What `ccg why` says of the request id of a try of an item.

const patience = { timeout: 15_000 };
const hello = playModel([{ content: [say('Hello.')] }]);
const byText = (one: string, other: string) => one.localeCompare(other);

let rig: AdminRig;
let upstream: ScriptedUpstream;
let batches: BatchWork;
beforeAll(async () => {
  rig = await openAdminRig('admin-item-tries', { env: { RATE_LIMIT_RPM: '' } });
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
  tenant = `team-${tenants}`;
  const body = { id: tenant, name: 'A team', allowlist: { models: ['*'] } };
  expect((await rig.call('POST', '/tenants', { body })).status).toBe(201);
});
afterEach(async () => {
  await batches.stopWorking();
  // What a test leaves would run in the next one.
  const { body } = await rig.call('GET', '/batches?status=in_progress');
  for (const batch of jsonListAt(body, 'items')) await rig.call('POST', `/batches/${jsonTextAt(batch, 'id')}/cancel`);
});

async function developer(name = 'ada') {
  const user = await rig.call('POST', `/tenants/${tenant}/users`, { body: { name } });
  const id = jsonTextAt(user.body, 'id');
  const body = { name: 'laptop', owner: { kind: 'user', id }, scopes: ['messages', 'batches', 'self'] };
  const made = await rig.call('POST', `/tenants/${tenant}/api-keys`, { body });
  return { id, key: jsonTextAt(made.body, 'apiKey'), keyId: jsonTextAt(made.body, 'record', 'id') };
}

/** The request ids of what runs for a tenant. */
async function runningOf(store: Store, of: string): Promise<readonly string[]> {
  const ids = await store.command('zrangebyscore', [store.redisKeys.reservations(of), '-inf', '+inf']);
  return Array.isArray(ids) ? ids.map(String) : [];
}

const explain = (requestId: string | undefined, credential?: string) =>
  rig.call('GET', `/requests/${requestId}`, credential === undefined ? {} : { credential });
const ended = (id: string) =>
  expect.poll(async () => jsonAt((await rig.call('GET', `/batches/${id}`)).body, 'status'), patience).toBe('ended');

test('a try says what became of it: of the try that was made again, and of the one that was charged', async () => {
  const [ada, bob] = [await developer('ada'), await developer('bob')];
  upstream.answer(jsonScript(503, { type: 'error', error: { type: 'api_error', message: 'busy' } }));
  const id = await batches.create(ada.key, 1);
  await batches.work(1);
  await ended(id);
  const [first, last, ...others] = batches.triesOf(id);
  expect(others).toEqual([]);
  const item = { batch: id, batchIndex: 0, user: ada.id, userName: 'ada', apiKey: ada.keyId };
  const asked = { requestedModel: 'claude-opus-5-5', provider: 'anthropic', model: 'claude-opus-5-5', attempts: 1 };
  const { body: retried } = await explain(first);
  expect(retried).toMatchObject({ kind: 'try', fate: 'again', tenant, record: { id: first, ...item, ...asked } });
  expect(jsonAt(retried, 'record')).toMatchObject({ outcome: 'upstream_overloaded', costMicroDollars: 0 });
  const { body: charged } = await explain(last, ada.key);
  expect(charged).toMatchObject({ kind: 'ended', tenant, record: { id: last, ...item, ...asked, outcome: 'ok' } });
  expect(Number(jsonAt(charged, 'record', 'outputTokens'))).toBeGreaterThan(0);
  expect(Number(jsonAt(charged, 'record', 'costMicroDollars'))).toBeGreaterThan(0);
  expect((await explain(first, ada.key)).body).toEqual(retried);
  for (const requestId of [first, last]) expect((await explain(requestId, bob.key)).status).toBe(404);
});

test('a try says that it runs, as long as it does', async () => {
  const ada = await developer();
  const gate = createGate();
  upstream.play((request) => [waitFor(gate.opened), ...hello(request)]);
  const id = await batches.create(ada.key, 1);
  await batches.work(1);
  await upstream.request(0);
  const [requestId = ''] = await rig.withStore(({ store }) => runningOf(store, tenant));
  const record = { id: requestId, outcome: 'running', batch: id, batchIndex: 0, user: ada.id };
  expect((await explain(requestId, ada.key)).body).toMatchObject({ kind: 'running', tenant, record });
  gate.open();
  await ended(id);
  expect(batches.triesOf(id)).toEqual([requestId]);
  expect((await explain(requestId)).body).toMatchObject({ kind: 'ended', record: { outcome: 'ok', batch: id } });
});

test('a refused try names the limit that refuses its batch, though one refusal an hour is kept of it', async () => {
  const ada = await developer();
  const limits = [{ kind: 'requests', level: 'tenant', amount: 1, per: 'minute', name: 'narrow' }];
  expect((await rig.call('PATCH', `/tenants/${tenant}`, { body: { limits } })).status).toBe(200);
  const id = await batches.create(ada.key, 4);
  await batches.work(4);
  await expect.poll(() => batches.triesOf(id).length, patience).toBe(4);
  const told = async () =>
    (await Promise.all(batches.triesOf(id).map((requestId) => explain(requestId, ada.key)))).map(({ body }) => body);
  await expect
    .poll(async () => (await told()).map((one) => jsonTextAt(one, 'kind')).toSorted(byText), patience)
    .toEqual(['ended', 'refused', 'try', 'try']);
  const refusal = { limit: 'narrow', batch: id };
  for (const one of await told()) {
    if (jsonAt(one, 'kind') === 'ended') continue;
    expect(one).toMatchObject({ tenant, refusal });
    if (jsonAt(one, 'kind') !== 'try') continue;
    expect(one).toMatchObject({ fate: 'again', record: { outcome: 'policy_rate_limit', batch: id, attempts: 0 } });
  }
});

test('a try says that its error is the result where nobody was asked, as the result does', async () => {
  const ada = await developer();
  const id = await batches.create(ada.key, 1, { max_tokens: 0 });
  await batches.work(1);
  await ended(id);
  const [requestId] = batches.triesOf(id);
  const record = { outcome: 'client_bad_request', batch: id, batchIndex: 0, user: ada.id, attempts: 0 };
  await expect
    .poll(async () => (await explain(requestId)).body, patience)
    .toMatchObject({ kind: 'try', fate: 'result', record });
  expect(await batches.resultRequestIds(ada.key, id)).toEqual([requestId]);
  expect(upstream.requests).toEqual([]);
});
