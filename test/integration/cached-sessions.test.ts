import { randomUUID } from 'node:crypto';
import { startStopwatch, systemClock } from '@ccg/kernel';
import type { LimitRule } from '@ccg/kernel';
import type { RequestRecord, ServeRequest, Serving } from '@ccg/serving';
import { connectStore } from '@ccg/store';
import type { Store } from '@ccg/store';
import { playModel, redisForSuite, say, startScriptedUpstream, waitFor } from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSink, patienceMs, startServing } from './support/serving-rig.ts';

const suite = redisForSuite('cached-sessions');

let upstream: ScriptedUpstream;
let store: Store;
let serving: Serving;
let tenant: string;

beforeEach(async () => {
  upstream = await startScriptedUpstream();
  store = connectStore({ ...suite.target, keyPrefix: suite.keyPrefix, commandTimeoutMs: 2000 });
  await store.whenReady(patienceMs);
  serving = startServing(store, upstream.url);
  tenant = `t-${randomUUID()}`;
});

afterEach(async () => {
  await serving.close();
  await store.close();
  await upstream.close();
});

const outputTokens = 8;

async function ask(limits: readonly LimitRule[], session: string | undefined, history: string): Promise<RequestRecord> {
  const content = [{ type: 'text', text: history, cache_control: { type: 'ephemeral' } }];
  const body = { model: 'claude-opus-5-5', max_tokens: outputTokens, messages: [{ role: 'user', content }] };
  const authorization = {
    scopes: ['messages'],
    policy: { kind: 'allow-all' },
    limits,
    timeZone: 'UTC',
    contact: 'the operators of this gateway',
  } as const;
  const user = { user: 'usr_ada', userName: 'ada', group: undefined, waitingWeight: 1 };
  const apiKey = { kind: 'api-key', apiKeyId: 'key_1', apiKeyName: 'laptop', expiresAtMs: undefined } as const;
  const request: ServeRequest = {
    requestId: `req_${randomUUID()}`,
    principal: { tenant, ...user, ...apiKey, authorization },
    prefix: undefined,
    headers: session === undefined ? [] : [['x-claude-code-session-id', session]],
    query: '',
    takeBody: () => Buffer.from(JSON.stringify(body)),
    receivedAtMs: systemClock.now(),
    elapsedMs: startStopwatch(systemClock),
  };
  return await serving.serve(request, openSink());
}

/** Micro-dollars of the tenant's only budget that are used or reserved now. */
async function usedNow(): Promise<number> {
  const month = `${new Date().toISOString().slice(0, '2026-11'.length)}-01`;
  return Number((await store.command('get', [store.redisKeys.budget(tenant, month, 'money', 'tenant')])) ?? 0);
}

const dollars = (amount: number): LimitRule => ({
  level: 'tenant',
  kind: 'budget',
  amount,
  per: 'month',
  name: 'money',
});

interface Turn {
  readonly outcome: string;
  readonly reserved: number;
  readonly cost: number;
}

/** Claude Code's way: each prompt is the one before and a little more, and all of it is marked. */
async function runSession(turns: number, amount: number, session: string | undefined): Promise<readonly Turn[]> {
  const told: Turn[] = [];
  let cachedTokens = 0;
  for (let turn = 0; turn < turns; turn += 1) {
    const history = 'word '.repeat(24_000 + 800 * turn);
    // A little fewer than the quarter of the bytes that is reserved for.
    const promptTokens = Math.floor(history.length / 4.4);
    const usage = {
      input: 3,
      cacheRead: cachedTokens,
      cacheWrites: { fiveMinutes: promptTokens - cachedTokens, hour: 0 },
      output: outputTokens,
    };
    const answer = playModel([{ content: [say('Done.')], usage }]);
    const before = await usedNow();
    let reserved = 0;
    const look = async () => {
      reserved = (await usedNow()) - before;
    };
    upstream.play((request) => [waitFor(look()), ...answer(request)]);
    const { outcome, costMicroDollars: cost } = await ask([dollars(amount)], session, history);
    await expect.poll(usedNow).toBe(before + cost);
    told.push({ outcome, reserved, cost });
    if (outcome !== 'ok') break;
    cachedTokens = promptTokens;
  }
  return told;
}

const sumOf = (turns: readonly Turn[]) => turns.reduce((sum, { cost }) => sum + cost, 0);

test('a session whose prompts are in a cache reserves at most twice what its requests cost, and what they cost is charged', async () => {
  const turns = await runSession(10, 10, 'a-session');
  expect(turns.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 10 }, () => 'ok'));
  for (const { reserved, cost } of turns.slice(0, 3)) expect(reserved).toBeGreaterThan(cost);
  // Of the second and the third prompt it is not known yet; the second costs a tenth of what it reserves.
  expect((turns[1]?.reserved ?? 0) / (turns[1]?.cost ?? 0)).toBeGreaterThan(10);
  for (const { reserved, cost } of turns.slice(3)) {
    expect(reserved).toBeGreaterThanOrEqual(cost);
    expect(reserved).toBeLessThanOrEqual(2 * cost);
  }
  expect(await usedNow()).toBe(sumOf(turns));
});

test('a budget that has room for what a session costs does not refuse it; one that names no session is asked for all of its prompts', async () => {
  const turns = await runSession(10, 0.35, 'a-session');
  expect(turns.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 10 }, () => 'ok'));
  expect(sumOf(turns)).toBeLessThan(350_000);
  tenant = `t-${randomUUID()}`;
  expect((await runSession(10, 0.35, undefined)).at(-1)?.outcome).toBe('policy_budget');
});

test('a prompt that a cache has lost is charged in full, and the next ones reserve in full again', async () => {
  await runSession(5, 10, 'a-session');
  const before = await usedNow();
  const history = 'word '.repeat(30_000);
  const usage = { input: 3, cacheRead: 0, cacheWrites: { fiveMinutes: 34_000, hour: 0 }, output: outputTokens };
  upstream.play(playModel([{ content: [say('Done.')], usage }]));
  const { costMicroDollars: cost } = await ask([dollars(10)], 'a-session', history);
  await expect.poll(usedNow).toBe(before + cost);
  expect(cost).toBeGreaterThan(34_000 * 5);
  let reserved = 0;
  const look = async () => {
    reserved = (await usedNow()) - before - cost;
  };
  const answer = playModel([{ content: [say('Done.')], usage }]);
  upstream.play((request) => [waitFor(look()), ...answer(request)]);
  await ask([dollars(10)], 'a-session', history);
  expect(reserved).toBeGreaterThan(34_000 * 5);
});
