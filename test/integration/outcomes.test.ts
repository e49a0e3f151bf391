import { setTimeout } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { outcomeFacts, outcomes } from '@ccg/kernel';
import type { LimitRule, Outcome } from '@ccg/kernel';
import { killSession, suspendTenant, systemActor } from '@ccg/tenancy';
import {
  anthropicFrames,
  anthropicSseHead,
  createGate,
  cut,
  doneValue,
  hang,
  jsonScript,
  jsonTextAt,
  say,
  waitFor,
  write,
} from '@ccg/testkit';
import type { Script } from '@ccg/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAdminRig } from './support/admin-rig.ts';
import { openOutcomeRig, post } from './support/outcome-rig.ts';
import type { Opened, OutcomeRig } from './support/outcome-rig.ts';

let rig: OutcomeRig;
let usual: Opened;
beforeAll(async () => {
  rig = await openOutcomeRig();
  usual = await rig.open();
});
afterAll(() => rig.close());

/** Those that nothing can cause yet, or that are not the gateway's: the admin API has a test of its own. */
const elsewhere: Partial<Record<Outcome, string>> = {
  client_conflict: 'the admin API',
};

const message = { model: 'claude-x', max_tokens: 64, messages: [{ role: 'user', content: 'hi' }] };
const frames = anthropicFrames({ content: [say('Done.')] }, 'claude-x').map(write);
const begun = frames.slice(0, 4);

async function ask(who = usual, change: object = {}, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  await text(await post(rig.gateway.url, who.apiKey, { ...message, ...change }, headers)).catch(() => '');
}

async function askWith(script: Script, change: object = {}): Promise<void> {
  rig.upstream.answer(script, script);
  await ask(usual, change);
  rig.upstream.reset();
}

/** An answer that is open, of which the client has the beginning. */
async function openAnswer() {
  const rest = createGate();
  rig.upstream.answer([...anthropicSseHead(), ...begun, waitFor(rest.opened), ...frames.slice(4)]);
  const response = await post(rig.gateway.url, usual.apiKey, { ...message, stream: true });
  response.on('error', () => {});
  response.resume();
  return { response, rest };
}

const limited = async (rule: LimitRule, asked: number): Promise<void> => {
  const who = await rig.open({ limits: [rule] });
  for (let number = 0; number < asked; number += 1) await ask(who);
};

/** Each makes the gateway end requests in this way, and in `ok` besides where it says so. */
const drivers: Partial<Record<Outcome, () => Promise<void>>> = {
  ok: () => ask(),
  client_bad_request: () => ask(usual, { max_tokens: 'many' }),
  client_too_large: () =>
    askWith(jsonScript(413, { type: 'error', error: { type: 'request_too_large', message: 'no' } })),
  client_aborted: async () => {
    const { response } = await openAnswer();
    response.destroy();
  },
  client_stalled: async () => {
    const piece = frames[3] ?? write('');
    rig.upstream.answer([...anthropicSseHead(), ...begun, ...Array.from({ length: 200_000 }, () => piece), hang]);
    const response = await post(rig.gateway.url, usual.apiKey, { ...message, stream: true });
    response.on('error', () => {}).pause();
    await expect.poll(() => countOf('client_stalled'), { timeout: 20_000 }).toBe(1);
    response.destroy();
  },
  policy_unauthenticated: () => ask({ ...usual, apiKey: 'nobody' }),
  policy_denied_model: async () => ask(await rig.open({ apiKey: { allowlist: { models: ['other'] } } })),
  policy_denied_scope: async () => ask(await rig.open({ apiKey: { scopes: ['self'] } })),
  policy_suspended: async () => {
    const who = await rig.open();
    await suspendTenant(rig.tenancy, systemActor('suite'), who);
    await ask(who);
  },
  policy_rate_limit: () => limited({ level: 'tenant', kind: 'requests', amount: 1, per: 'minute' }, 2),
  policy_budget: () => limited({ level: 'tenant', kind: 'budget', amount: 0.000_001, per: 'day' }, 1),
  policy_killed: async () => {
    const who = await rig.open();
    const named = { tenant: who.tenant, session: 's', findCallers: () => Promise.resolve([{ apiKey: who.apiKeyId }]) };
    doneValue(await killSession(rig.tenancy, systemActor('suite'), named));
    await ask(who, {}, { 'x-claude-code-session-id': 's' });
  },
  upstream_rate_limited: () => askWith(jsonScript(429, error('rate_limit_error'))),
  upstream_overloaded: () => askWith(jsonScript(529, error('overloaded_error'))),
  upstream_error: () => askWith(jsonScript(500, error('api_error'))),
  upstream_credential: () => askWith(jsonScript(401, error('authentication_error'))),
  upstream_timeout: () => askWith([hang]),
  upstream_truncated: () => askWith([...anthropicSseHead(), ...begun, cut], { stream: true }),
  upstream_unreachable: async () => ask(usual, { model: 'dead:m' }),
  capacity_waiting_room: async () => {
    const who = await rig.open({ limits: [{ level: 'tenant', kind: 'concurrency', amount: 1, maxWaitSeconds: 1 }] });
    const held = createGate();
    const arrived = createGate();
    rig.upstream.answer(() => {
      arrived.open();
      return [waitFor(held.opened), ...anthropicSseHead(), ...frames];
    });
    const first = ask(who, { stream: true });
    await arrived.opened;
    await ask(who);
    held.open();
    await first;
  },
  capacity_memory: async () => {
    const held = createGate();
    const arrived = createGate();
    rig.upstream.answer(() => {
      arrived.open();
      return [waitFor(held.opened), ...anthropicSseHead(), ...frames];
    });
    const large = { stream: true, messages: [{ role: 'user', content: 'x'.repeat(20_000_000) }] };
    const first = ask(usual, large);
    await arrived.opened;
    await text(await post(rig.gateway.url, usual.apiKey, '', { 'content-length': '20000000' }));
    held.open();
    await first;
  },
  gateway_issuer_down: () => ask({ ...usual, apiKey: tokenOfCorporate }),
  gateway_internal: async () => {
    const rule: LimitRule = { level: 'tenant', kind: 'requests', amount: 9, per: 'minute' };
    const who = await rig.open({ limits: [rule] });
    const { store } = rig.tenancy;
    // What no script can read.
    await store.command('zadd', [store.redisKeys.rateLimit(who.tenant, 'requests', 'tenant'), 1, 'x']);
    await ask(who);
  },
  gateway_store_down: async () => {
    const unknown = await rig.open();
    rig.proxy.cut();
    await ask(unknown);
    rig.proxy.restore();
    await setTimeout(1500);
  },
  // Last, since the gateway is gone after it.
  capacity_draining: async () => {
    await openAnswer();
    await rig.gateway.drain();
  },
};

const error = (type: string) => ({ type: 'error', error: { type, message: 'no' } });
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokenOfCorporate = [
  part({ alg: 'ES256', kid: 'k', typ: 'JWT' }),
  part({ iss: 'https://id.example.com', aud: 'urn:gateway', sub: 'ada', tenant: 'acme', iat: 1, exp: 9_999_999_999 }),
  Buffer.alloc(64).toString('base64url'),
].join('.');

const countOf = (outcome: Outcome): number => rig.lines().filter((line) => line.outcome === outcome).length;
const tally = (names: readonly string[]): Record<string, number> =>
  Object.fromEntries(names.toSorted().map((name) => [name, names.filter((other) => other === name).length]));

test('every outcome is the same in the log, in the metrics and in the usage records, and every request is counted', async () => {
  const last: Outcome = 'capacity_draining';
  for (const outcome of [...outcomes.filter((name) => name !== last), last]) {
    const drive = drivers[outcome];
    if (drive === undefined) expect(elsewhere).toHaveProperty(outcome);
    else await drive();
    if (drive !== undefined)
      await expect.poll(() => countOf(outcome), { message: outcome, timeout: 5000 }).toBeGreaterThan(0);
    if (drive !== undefined) await expect.poll(openRequests).toBe(0);
  }
  const lines = rig.lines();
  for (const { outcome, level } of lines) expect([outcome, level]).toEqual([outcome, outcomeFacts[outcome].level]);
  expect(new Set(lines.map(({ requestId }) => requestId)).size).toBe(lines.length);

  const counted = [...(await rig.metrics()).matchAll(/^ccg_requests_total\{.*outcome="(\w+)"\} (\d+)$/gmu)];
  const byMetric = counted.flatMap(([, outcome = '', count]) => Array.from({ length: Number(count) }, () => outcome));
  expect(tally(byMetric)).toEqual(tally(lines.map(({ outcome }) => outcome)));

  // Who is refused has used nothing, so there is no record of it.
  const refusals: readonly Outcome[] = outcomes.filter((name) =>
    /^(?:policy|gateway|capacity_memory|capacity_waiting_room)/u.test(name),
  );
  const used = lines
    .map(({ outcome }) => outcome)
    .filter((outcome) => !refusals.includes(outcome) && outcome !== 'client_bad_request');
  await expect.poll(async () => tally(await rig.usage())).toEqual(tally(used));
});

async function openRequests(): Promise<number> {
  const open = [...(await rig.metrics()).matchAll(/^ccg_open_streams\{.*\} (\d+)$/gmu)];
  return open.reduce((sum, [, count]) => sum + Number(count), 0);
}

test('a conflict at the admin API is told alike in its log and its metrics', async () => {
  const admin = await openAdminRig('outcomes-admin');
  const body = { id: 'twice', name: 'Twice', allowlist: { models: ['*'] } };
  for (const status of [201, 409]) expect((await admin.call('POST', '/tenants', { body })).status).toBe(status);
  const told = admin.log
    .map((line): unknown => JSON.parse(line))
    .filter((line) => jsonTextAt(line, 'outcome') === 'client_conflict');
  expect(told).toMatchObject([{ level: 'info', status: 409, error: 'taken' }]);
  const metrics = await (await fetch(`${admin.admin.opsUrl}/metrics`)).text();
  expect(metrics).toMatch(/^ccg_requests_total\{endpoint="admin\.tenants\.create".*outcome="client_conflict"\} 1$/mu);
  await admin.close();
});
