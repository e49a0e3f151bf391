import { parseConfig, startGateway } from '@ccg/gateway';
import type { RunningGateway } from '@ccg/gateway';
import { createScript } from '@ccg/store';
import {
  anthropicFrames,
  anthropicSseHead,
  collectFrames,
  createGate,
  jsonAt,
  jsonListAt,
  jsonTextAt,
  playModel,
  say,
  startScriptedUpstream,
  waitFor,
  write,
} from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { Agent, fetch } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openAdminRig, pepper } from './support/admin-rig.ts';
import type { AdminRig } from './support/admin-rig.ts';

const patienceMs = 10_000;
const frames = anthropicFrames({ content: [say('The rest of the stream.')] }, 'claude-opus-5-5');
const begun = [...anthropicSseHead(), ...frames.slice(0, 4).map(write)];
const dispatcher = new Agent({ pipelining: 0 });

let rig: AdminRig;
let upstream: ScriptedUpstream;
let replicas: readonly RunningGateway[];
beforeAll(async () => {
  rig = await openAdminRig('sessions', { env: { RATE_LIMIT_RPM: '' } });
  upstream = await startScriptedUpstream();
  const parsed = parseConfig({
    REDIS_URL: rig.redis.url,
    REDIS_KEY_PREFIX: rig.redis.keyPrefix,
    KEY_PEPPER: pepper,
    RATE_LIMIT_RPM: '',
    PORT: '0',
    OPS_PORT: '0',
    PREFERRED_PROVIDER: 'anthropic',
    ANTHROPIC_API_KEY: 'sk-none',
    ANTHROPIC_API_BASE: upstream.url,
    MODEL_LIST_INTERVAL_MS: '0',
  });
  if (parsed.kind === 'faulty') throw new Error(parsed.message);
  const { config } = parsed;
  const start = () => startGateway(config, { log: { write() {} } });
  replicas = [await start(), await start()];
});
afterAll(async () => {
  await Promise.all(replicas.map((gateway) => gateway.drain()));
  await rig.close();
  await upstream.close();
});

let tenant: string;
let tenants = 0;
let ada: { readonly id: string; readonly key: string };
beforeEach(async () => {
  upstream.reset();
  upstream.play(playModel([{ content: [say('fine')] }]));
  tenants += 1;
  tenant = `team-${tenants}`;
  const body = { id: tenant, name: 'A team', contact: '#claude-help', allowlist: { models: ['*'] } };
  expect((await rig.call('POST', '/tenants', { body })).status).toBe(201);
  ada = await makeUser('ada');
});
const gates: ReturnType<typeof createGate>[] = [];
afterEach(() => {
  for (const gate of gates.splice(0)) gate.open();
});

function shut(): ReturnType<typeof createGate> {
  const gate = createGate();
  gates.push(gate);
  return gate;
}

const at = (rest: string) => `/tenants/${tenant}${rest}`;

async function makeUser(name: string) {
  const user = await rig.call('POST', at('/users'), { body: { name } });
  const id = jsonTextAt(user.body, 'id');
  const body = { name: 'laptop', owner: { kind: 'user', id }, scopes: ['messages'] };
  const made = await rig.call('POST', at('/api-keys'), { body });
  expect(made.status).toBe(201);
  return { id, key: jsonTextAt(made.body, 'apiKey') };
}

async function* slowly(text: string, rest: Promise<unknown>) {
  yield Buffer.from(text.slice(0, 10));
  await rest;
  yield Buffer.from(text.slice(10));
}

interface Asked {
  readonly session?: string | undefined;
  readonly replica?: 0 | 1;
  readonly stream?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(key: string, { session, replica = 0, stream = false, headers = {} }: Asked = {}) {
  const answer = await fetch(`${replicas[replica]?.url}/v1/messages`, {
    dispatcher,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-api-key': key,
      ...(session === undefined ? {} : { 'x-claude-code-session-id': session }),
      ...headers,
    },
    body: JSON.stringify({
      model: 'claude-opus-5-5',
      max_tokens: 8,
      stream,
      messages: [{ role: 'user', content: 'hi' }],
    }),
  });
  return { status: answer.status, headers: answer.headers, text: () => answer.text() };
}

async function said(answer: Awaited<ReturnType<typeof ask>>) {
  const body: unknown = JSON.parse(await answer.text());
  return {
    status: answer.status,
    type: jsonAt(body, 'error', 'type'),
    message: jsonAt(body, 'error', 'message'),
    retry: answer.headers.get('x-should-retry'),
  };
}

const ended = {
  type: 'permission_error',
  message: 'An administrator has ended this session. Ask #claude-help why before you go on in a new one.',
};
const refused = { ...ended, status: 403, retry: 'false' };

const verb = (name: 'kill' | 'resume', body: object) => rig.call('POST', at(`/sessions/${name}`), { body });
const listed = async () => jsonListAt((await rig.call('GET', at('/sessions'))).body, 'items');

describe('a session that is killed', () => {
  test('ends on every replica: a stream with one error event, an answer of which nothing was sent with a 403', async () => {
    const gate = shut();
    upstream.answer([...begun, waitFor(gate.opened)], [waitFor(gate.opened)], [...begun, waitFor(gate.opened)]);
    const stream = await ask(ada.key, { session: 'one', stream: true });
    const other = ask(ada.key, { session: 'one', replica: 1 });
    await upstream.request(1);
    const bystander = await ask(ada.key, { session: 'two', replica: 1, stream: true });
    expect(await listed()).toMatchObject([
      { session: 'one', state: 'running', running: 2, user: ada.id, userName: 'ada' },
      { session: 'two', state: 'running', running: 1 },
    ]);
    const killed = await verb('kill', { session: 'one' });
    expect(killed).toMatchObject({ status: 200, body: { session: 'one', callers: [{ user: ada.id }] } });
    const events = collectFrames(await stream.text()).map(({ event, data }) => [event, data]);
    const errors = events.filter(([event]) => event === 'error');
    expect([errors.length, events.at(-1)?.[0]]).toEqual([1, 'error']);
    expect(JSON.stringify(errors[0]?.[1])).toContain('permission_error');
    expect(await said(await other)).toEqual(refused);
    for (const replica of [0, 1] as const) {
      expect(await said(await ask(ada.key, { session: 'one', replica }))).toEqual(refused);
    }
    gate.open();
    expect(await bystander.text()).not.toContain('permission_error');
    expect((await ask(ada.key, { session: 'two' })).status).toBe(200);
    expect((await ask(ada.key)).status).toBe(200);
    await expect.poll(listed, { timeout: patienceMs }).toMatchObject([
      { session: 'two', state: 'idle', running: 0 },
      { session: 'one', state: 'killed', running: 0, requests: 2 },
    ]);
  });

  test('is that of one user where one is named, else of all who use its name, and goes on once it is resumed', async () => {
    const bob = await makeUser('bob');
    for (const { key } of [ada, bob]) expect((await ask(key, { session: 'shared' })).status).toBe(200);
    expect((await verb('kill', { session: 'shared', user: bob.id })).status).toBe(200);
    const statuses = async () =>
      Promise.all([ada, bob].map(async ({ key }) => (await ask(key, { session: 'shared', replica: 1 })).status));
    await expect.poll(statuses, { timeout: patienceMs }).toEqual([200, 403]);
    await expect
      .poll(async () => jsonListAt((await verb('kill', { session: 'shared' })).body, 'callers').length, {
        timeout: patienceMs,
      })
      .toBe(2);
    await expect.poll(statuses, { timeout: patienceMs }).toEqual([403, 403]);
    expect(jsonListAt((await verb('resume', { session: 'shared' })).body, 'callers')).toHaveLength(2);
    await expect.poll(statuses, { timeout: patienceMs }).toEqual([200, 200]);
  });

  test('ends for a request too whose body is still on its way, and no model is asked', async () => {
    const sent = upstream.requests.length;
    const rest = shut();
    const body = { model: 'claude-opus-5-5', max_tokens: 8, messages: [{ role: 'user', content: 'hi' }] };
    const answering = fetch(`${replicas[0]?.url}/v1/messages`, {
      dispatcher,
      method: 'POST',
      duplex: 'half',
      headers: { 'content-type': 'application/json', 'x-api-key': ada.key, 'x-claude-code-session-id': 'one' },
      body: slowly(JSON.stringify(body), rest.opened),
    });
    // Its head came first, so it was let in by what was known before the kill.
    expect((await ask(ada.key, { session: 'two' })).status).toBe(200);
    expect((await verb('kill', { session: 'one', user: ada.id })).status).toBe(200);
    await expect.poll(async () => (await ask(ada.key, { session: 'one' })).status, { timeout: patienceMs }).toBe(403);
    rest.open();
    expect((await answering).status).toBe(403);
    expect(upstream.requests.length).toBe(sent + 1);
  });

  test('ends for a request too that waits for its turn', async () => {
    await limit('cap', { level: 'user', kind: 'concurrency', amount: 1, maxWaitSeconds: 60 });
    const gate = shut();
    upstream.answer([...begun, waitFor(gate.opened)]);
    const running = await ask(ada.key, { session: 'two', stream: true });
    const waiting = ask(ada.key, { session: 'one' });
    expect((await verb('kill', { session: 'one', user: ada.id })).status).toBe(200);
    expect(await said(await waiting)).toEqual(refused);
    gate.open();
    expect(await running.text()).not.toContain('permission_error');
  });

  test('is told as the reason, of a request that ran and of one that was refused', async () => {
    const gate = shut();
    upstream.answer([...begun, waitFor(gate.opened)]);
    const running = await ask(ada.key, { session: 'one', stream: true });
    await verb('kill', { session: 'one' });
    await running.text();
    const later = await ask(ada.key, { session: 'one' });
    expect(later.status).toBe(403);
    const why = async ({ headers }: typeof later) =>
      (await rig.call('GET', `/requests/${headers.get('request-id')}?tenant=${tenant}`)).body;
    await expect
      .poll(() => why(running), { timeout: patienceMs })
      .toMatchObject({ kind: 'ended', record: { outcome: 'policy_killed', session: 'one' } });
    await expect
      .poll(() => why(later), { timeout: patienceMs })
      .toMatchObject({ kind: 'refused', contact: '#claude-help', refusal: { kind: 'killed', session: 'one' } });
  });

  test('may be that of a service, by its API key', async () => {
    const body = { name: 'ci', owner: { kind: 'service' }, scopes: ['messages'] };
    const made = await rig.call('POST', at('/api-keys'), { body });
    const [id, key] = [jsonTextAt(made.body, 'record', 'id'), jsonTextAt(made.body, 'apiKey')];
    expect((await verb('kill', { session: 'nightly', apiKey: id })).status).toBe(200);
    expect(await said(await ask(key, { session: 'nightly' }))).toEqual(refused);
    expect((await ask(key, { session: 'hourly' })).status).toBe(200);
  });

  test('is unknown where nobody uses its name, and stands in the audit log', async () => {
    expect(await verb('kill', { session: 'nobodys' })).toMatchObject({ status: 404, body: { code: 'unknown' } });
    expect(await verb('kill', { session: 'one', user: 'usr_nobody' })).toMatchObject({ status: 404 });
    expect(await verb('kill', { session: ' one' })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'session' }] },
    });
    expect(await verb('kill', { session: 'one', user: ada.id })).toMatchObject({ status: 200 });
    expect(await verb('resume', { session: 'one' })).toMatchObject({ status: 200 });
    const audit = jsonListAt((await rig.call('GET', at('/audit'))).body, 'items');
    const entries = audit.filter((entry) => jsonTextAt(entry, 'action').startsWith('session.'));
    expect(entries).toMatchObject([
      {
        action: 'session.kill',
        outcome: 'done',
        subject: { kind: 'session', id: 'one' },
        details: { callers: [ada.id] },
      },
      { action: 'session.resume', outcome: 'done' },
    ]);
  });
});

const limit = (name: string, body: object) => rig.call('PUT', at(`/limits/${name}`), { body });

const countTickets = createScript("return redis.call('ZCARD', KEYS[1])");
const ticketCount = () =>
  rig.withStore(({ store }) => store.run(countTickets, [store.redisKeys.waiting(tenant, 'tickets')], []));

/** Takes the one place of the tenant; then another request waits for it, at the other replica. */
async function waitForPlace() {
  await limit('cap', { level: 'tenant', kind: 'concurrency', amount: 1, maxWaitSeconds: 60 });
  const bob = await makeUser('bob');
  const gate = shut();
  upstream.answer([...begun, waitFor(gate.opened)]);
  const running = await ask(bob.key, { stream: true });
  const waiting = ask(ada.key, { session: 'patient', replica: 1 });
  await expect.poll(ticketCount, { timeout: patienceMs }).toBe(1);
  return { running, waiting, bob };
}

describe('a request that waits for its turn', () => {
  test('is of a session that is listed and killed by its id, though it has never run', async () => {
    const { waiting } = await waitForPlace();
    expect(await listed()).toMatchObject([
      { session: 'patient', state: 'waiting', running: 0, waiting: 1, requests: 0, user: ada.id, userName: 'ada' },
    ]);
    const killed = await verb('kill', { session: 'patient' });
    expect(killed).toMatchObject({ status: 200, body: { session: 'patient', callers: [{ user: ada.id }] } });
    expect(await said(await waiting)).toEqual(refused);
    await expect.poll(ticketCount, { timeout: patienceMs }).toBe(0);
  });

  test('runs as soon as the cap is raised, though no other has ended', async () => {
    const { waiting } = await waitForPlace();
    await limit('cap', { level: 'tenant', kind: 'concurrency', amount: 2, maxWaitSeconds: 60 });
    expect((await waiting).status).toBe(200);
  });

  test('runs as soon as the cap is removed', async () => {
    const { waiting } = await waitForPlace();
    expect((await rig.call('DELETE', at('/limits/cap'))).status).toBe(200);
    expect((await waiting).status).toBe(200);
  });

  test('is refused as a new one is when its user is suspended meanwhile, and no model is asked', async () => {
    const { waiting } = await waitForPlace();
    const sent = upstream.requests.length;
    expect((await rig.call('POST', at(`/users/${ada.id}/suspend`))).status).toBe(200);
    expect(await said(await waiting)).toMatchObject({ status: 403, type: 'permission_error', retry: 'false' });
    expect(upstream.requests).toHaveLength(sent);
  });

  test('is refused as a new one is when its API key is revoked meanwhile, and the next gets its place', async () => {
    const { waiting, running, bob } = await waitForPlace();
    const next = ask(bob.key, { replica: 1 });
    const keys = jsonListAt((await rig.call('GET', at('/api-keys'))).body, 'items');
    const mine = keys.find((one) => jsonAt(one, 'owner', 'id') === ada.id);
    expect((await rig.call('POST', at(`/api-keys/${jsonTextAt(mine, 'id')}/revoke`))).status).toBe(200);
    expect(await said(await waiting)).toMatchObject({ status: 401, type: 'authentication_error', retry: 'false' });
    for (const gate of gates.splice(0)) gate.open();
    await running.text();
    expect((await next).status).toBe(200);
  });

  test('is refused when its model is denied meanwhile', async () => {
    const { waiting } = await waitForPlace();
    const body = { allowlist: { models: ['another-model'] } };
    expect((await rig.call('PATCH', at(''), { body })).status).toBe(200);
    expect(await said(await waiting)).toMatchObject({ status: 403, type: 'permission_error' });
  });
});

describe('a limit of sessions', () => {
  test('counts each session over all replicas, and requests without one by the limits of their user alone', async () => {
    await limit('own', { level: 'session', kind: 'concurrency', amount: 1, maxWaitSeconds: 0 });
    await limit('all', { level: 'user', kind: 'concurrency', amount: 3, maxWaitSeconds: 0 });
    const gate = shut();
    upstream.answer(...[1, 2, 3].map(() => [...begun, waitFor(gate.opened)]));
    const answers = [await ask(ada.key, { session: 'one', stream: true })];
    const [same] = [await ask(ada.key, { session: 'one', replica: 1 })];
    expect(await said(same)).toMatchObject({
      status: 429,
      type: 'rate_limit_error',
      message: expect.stringContaining('1 requests at a time for this session.'),
    });
    answers.push(await ask(ada.key, { session: 'two', replica: 1, stream: true }));
    answers.push(await ask(ada.key, { replica: 1, stream: true }));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await said(await ask(ada.key))).toMatchObject({
      status: 429,
      message: expect.stringContaining('3 requests at a time for user ada.'),
    });
    gate.open();
    await Promise.all(answers.map((answer) => answer.text()));
    await expect.poll(async () => (await ask(ada.key, { session: 'one' })).status, { timeout: patienceMs }).toBe(200);
  });

  test('may be a budget, which the next session has anew', async () => {
    await limit('money', { level: 'session', kind: 'budget', amount: 0.01, per: 'day' });
    const until429 = async (session: string) => {
      for (let count = 1; count < 200; count += 1) {
        const answer = await ask(ada.key, { session, replica: count % 2 === 0 ? 0 : 1 });
        if (answer.status !== 200) return await said(answer);
      }
      return undefined;
    };
    expect(await until429('one')).toMatchObject({ status: 429, type: 'billing_error' });
    expect((await ask(ada.key, { session: 'two' })).status).toBe(200);
  });
});

test('the usage record names the session, the agent and the agent that it works for', async () => {
  const headers = { 'x-claude-code-agent-id': 'agent-2', 'x-claude-code-parent-agent-id': 'agent-1' };
  const answer = await ask(ada.key, { session: 'one', headers });
  expect(answer.status).toBe(200);
  const path = `/requests/${answer.headers.get('request-id')}?tenant=${tenant}`;
  await expect
    .poll(async () => jsonAt((await rig.call('GET', path)).body, 'record'), { timeout: patienceMs })
    .toMatchObject({ session: 'one', agent: 'agent-2', parentAgent: 'agent-1', user: ada.id, outcome: 'ok' });
});
