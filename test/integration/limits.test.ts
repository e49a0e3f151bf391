import { randomUUID } from 'node:crypto';
import { startStopwatch, systemClock } from '@ccg/kernel';
import type { GatewayError, LimitRule, Reservation } from '@ccg/kernel';
import type { RequestRecord, ServeRequest, Serving } from '@ccg/serving';
import { connectStore, createScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { createGate, jsonScript, playModel, redisForSuite, say, startScriptedUpstream, waitFor } from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import type { HeaderList } from '@ccg/wire';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSink, patienceMs, startServing } from './support/serving-rig.ts';

const suite = redisForSuite('limits');

let upstream: ScriptedUpstream;
let store: Store;
let serving: Serving;
let tenant: string;

beforeEach(async () => {
  upstream = await startScriptedUpstream(playModel([{ content: [say('fine')] }]));
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

interface Who {
  readonly user?: string | undefined;
  readonly apiKey?: string;
  readonly model?: string;
  readonly path?: 'messages' | 'count_tokens';
  readonly maxTokens?: number;
  /** The batch that it is an item of. */
  readonly batch?: string;
  readonly onHeaders?: (headers: HeaderList) => void;
}

const perMinute = (level: LimitRule['level'], amount: number, kind: 'requests' | 'count_requests' = 'requests') =>
  ({ level, kind, amount, per: 'minute' }) as const;

async function ask(limits: readonly LimitRule[], who: Who = {}): Promise<RequestRecord> {
  const {
    user = 'ada',
    apiKey = 'laptop',
    model = 'claude-opus-5-5',
    path = 'messages',
    maxTokens = 8,
    onHeaders = () => {},
  } = who;
  const isService = 'user' in who && who.user === undefined;
  const body = { model, max_tokens: maxTokens, messages: [{ role: 'user', content: 'hi' }] };
  const request: ServeRequest = {
    requestId: `req_${randomUUID()}`,
    principal: {
      kind: 'api-key',
      tenant,
      apiKeyId: `key_${apiKey}`,
      apiKeyName: apiKey,
      user: isService ? undefined : `usr_${user}`,
      userName: isService ? undefined : user,
      expiresAtMs: undefined,
      group: undefined,
      waitingWeight: 1,
      authorization: {
        scopes: ['messages'],
        policy: { kind: 'allow-all' },
        limits,
        timeZone: 'UTC',
        contact: 'the operators of this gateway',
      },
    },
    prefix: undefined,
    headers: [],
    query: '',
    batch: who.batch === undefined ? undefined : { id: who.batch, index: 0 },
    takeBody: () => Buffer.from(JSON.stringify(body)),
    receivedAtMs: systemClock.now(),
    elapsedMs: startStopwatch(systemClock),
  };
  const sink = openSink({ addHeaders: onHeaders });
  return path === 'messages' ? serving.serve(request, sink) : serving.countTokens(request, sink);
}

function refusalOf({ end }: RequestRecord): GatewayError | undefined {
  return end.kind === 'unsent' ? end.error : undefined;
}

const sentenceOf = (record: RequestRecord) => refusalOf(record)?.publicMessage.replace(/\d+ s\.$/u, 'N s.');

describe('a limit counts each of its level apart, and says whose it is', () => {
  test.each<[LimitRule['level'], Who, Who, string]>([
    ['user', { apiKey: 'phone' }, { user: 'bob' }, 'user ada'],
    ['api-key', { user: 'bob' }, { apiKey: 'phone' }, 'API key laptop'],
    ['model', { user: 'bob', apiKey: 'phone' }, { model: 'claude-haiku-4-5' }, 'model claude-opus-5-5'],
  ])('%s', async (level, same, other, whose) => {
    const limits = [perMinute(level, 1)];
    expect((await ask(limits)).outcome).toBe('ok');
    const refused = await ask(limits, same);
    expect(refused.outcome).toBe('policy_rate_limit');
    expect(sentenceOf(refused)).toContain(`Rate limit: 1 requests per minute for `);
    expect(sentenceOf(await ask(limits))).toBe(`Rate limit: 1 requests per minute for ${whose}. Retry in N s.`);
    expect((await ask(limits, other)).outcome).toBe('ok');
  });

  test('tenant', async () => {
    expect((await ask([perMinute('tenant', 1)])).outcome).toBe('ok');
    const refused = await ask([perMinute('tenant', 1)], { user: 'bob', apiKey: 'phone', model: 'claude-haiku-4-5' });
    expect(sentenceOf(refused)).toBe(`Rate limit: 1 requests per minute for tenant ${tenant}. Retry in N s.`);
    expect(refusalOf(refused)).toMatchObject({ status: 429, type: 'rate_limit_error', retry: 'default' });
    expect(refusalOf(refused)?.retryAfterSeconds).toBeGreaterThanOrEqual(1);
  });

  test('a service has no user, and is counted by its API key', async () => {
    const service = { user: undefined, apiKey: 'ci' };
    const limits = [perMinute('user', 1), { level: 'user', kind: 'concurrency', amount: 1 } as const];
    expect((await ask(limits, service)).outcome).toBe('ok');
    expect(sentenceOf(await ask(limits, service))).toBe(
      'Rate limit: 1 requests per minute for API key ci. Retry in N s.',
    );
    expect((await ask(limits, { ...service, apiKey: 'nightly' })).outcome).toBe('ok');
  });
});

test('a request that one limit refuses takes nothing from the others', async () => {
  const limits = [perMinute('tenant', 2), perMinute('user', 1)];
  const outcomes = [await ask(limits), await ask(limits), await ask(limits), await ask(limits, { user: 'bob' })];
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['ok', 'policy_rate_limit', 'policy_rate_limit', 'ok']);
});

test('a user runs so many requests at a time, on any API key, and the end of one lets in the next', async () => {
  const limits: readonly LimitRule[] = [{ level: 'user', kind: 'concurrency', amount: 1, maxWaitSeconds: 0 }];
  const gate = createGate();
  upstream.answer([waitFor(gate.opened), ...jsonScript(500, { error: { message: 'no' } })]);
  const running = ask(limits);
  await upstream.request(0);
  expect(refusalOf(await ask(limits, { apiKey: 'phone' }))).toMatchObject({
    publicMessage: 'Concurrency limit: 1 requests at a time for user ada. Retry in 5 s.',
    retryAfterSeconds: 5,
  });
  gate.open();
  await running;
  upstream.play(playModel([{ content: [say('fine')] }]));
  await expect.poll(async () => (await ask(limits)).outcome, { timeout: patienceMs }).toBe('ok');
});

test('batches use up no rate of those who wait for their answers, nor the other way round', async () => {
  const limits = [perMinute('user', 1), { ...perMinute('tenant', 3), name: 'few', traffic: 'batches' } as const];
  const batch = 'msgbatch_1';
  const headers: string[][] = [];
  const remaining = async (who: Who) => {
    headers.length = 0;
    const { outcome } = await ask(limits, {
      ...who,
      onHeaders: (list) => headers.push(...list.map((one) => [...one])),
    });
    const told = new Map(headers.map(([name = '', value]) => [name, value]));
    return [
      outcome,
      told.get('anthropic-ratelimit-requests-limit'),
      told.get('anthropic-ratelimit-requests-remaining'),
    ];
  };
  expect((await ask(limits, { batch })).outcome).toBe('ok');
  expect((await ask(limits, { batch })).outcome).toBe('policy_rate_limit');
  // Nothing that is said to others has changed by it.
  expect(await remaining({})).toEqual(['ok', '1', '0']);
  for (const user of ['bob', 'cy']) expect((await ask(limits, { batch, user })).outcome).toBe('ok');
  expect(refusalOf(await ask(limits, { batch, user: 'dan' }))?.reason).toBe('few');
  for (const user of ['bob', 'cy', 'dan']) expect(await remaining({ user })).toEqual(['ok', '1', '0']);
});

describe('of a limit on running requests batches never take the last fifth', () => {
  const cap = (amount: number): readonly LimitRule[] => [{ level: 'tenant', kind: 'concurrency', amount }];

  test('so others always find it, and both together are never more', async () => {
    const gate = createGate();
    upstream.play(() => [waitFor(gate.opened), ...jsonScript(500, { error: { message: 'no' } })]);
    const limits = cap(5).map((rule) => ({ ...rule, maxWaitSeconds: 0 }));
    const items = Array.from({ length: 4 }, (_, at) => ask(limits, { batch: `msgbatch_${at}` }));
    await upstream.request(3);
    expect((await ask(limits, { batch: 'msgbatch_5' })).outcome).toBe('policy_rate_limit');
    const other = ask(limits);
    await upstream.request(4);
    expect((await ask(limits)).outcome).toBe('policy_rate_limit');
    gate.open();
    await Promise.all([...items, other]);
  });

  test('and while others need so many that four fifths are taken, they wait', async () => {
    const gate = createGate();
    upstream.play(() => [waitFor(gate.opened), ...jsonScript(500, { error: { message: 'no' } })]);
    const others = Array.from({ length: 4 }, () => ask(cap(5)));
    await upstream.request(3);
    expect((await ask(cap(5), { batch: 'msgbatch_1' })).outcome).toBe('policy_rate_limit');
    gate.open();
    await Promise.all(others);
    upstream.play(playModel([{ content: [say('fine')] }]));
    await expect
      .poll(async () => (await ask(cap(5), { batch: 'msgbatch_1' })).outcome, { timeout: patienceMs })
      .toBe('ok');
  });

  test('and the only place of a limit of 1 they take while nobody runs or waits', async () => {
    const first = createGate();
    const second = createGate();
    const failing = jsonScript(500, { error: { message: 'no' } });
    upstream.answer([waitFor(first.opened), ...failing], [waitFor(second.opened), ...failing]);
    const running = ask(cap(1));
    await upstream.request(0);
    const waiting = ask(cap(1), { user: 'bob' });
    const refused = () => ask(cap(1), { batch: 'msgbatch_1' });
    const count = createScript("return redis.call('HLEN', KEYS[1])");
    const waitedFor = () => store.run(count, [store.redisKeys.waitedFor(tenant)], []);
    await expect.poll(waitedFor, { timeout: patienceMs }).toBe(1);
    expect((await refused()).outcome).toBe('policy_rate_limit');
    first.open();
    await running;
    await upstream.request(1);
    expect((await refused()).outcome).toBe('policy_rate_limit');
    second.open();
    await waiting;
    await expect.poll(async () => (await refused()).outcome, { timeout: patienceMs }).toBe('ok');
  });
});

test('counts of tokens have a limit of their own', async () => {
  const limits = [perMinute('user', 1), perMinute('user', 2, 'count_requests')];
  const outcomes: string[] = [];
  for (const path of ['messages', 'count_tokens', 'count_tokens', 'count_tokens'] as const) {
    outcomes.push((await ask(limits, { path })).outcome);
  }
  expect(outcomes).toEqual(['ok', 'ok', 'ok', 'policy_rate_limit']);
  expect(sentenceOf(await ask(limits, { path: 'count_tokens' }))).toBe(
    'Rate limit: 2 token counts per minute for user ada. Retry in N s.',
  );
});

describe('tokens', () => {
  const tokens = (
    amount: number,
    kind: 'input_tokens' | 'output_tokens',
    reserve?: Reservation,
  ): readonly LimitRule[] => [{ level: 'user', kind, amount, per: 'minute', reserve }];
  const nameOf = (kind: string) => (kind === 'input_tokens' ? 'user-input_tokens' : 'user-output_tokens');

  /** What is left, in the tokens of the limit; the little that flows in while a test runs is not counted. */
  async function usedOf(kind: string, amount: number): Promise<number> {
    const key = store.redisKeys.rateLimit(tenant, nameOf(kind), 'user:usr_ada');
    const read = createScript("return redis.call('GET', KEYS[1])");
    const fullAtMs = Number((await store.run(read, [key], [])) ?? 0);
    return Math.max(0, Math.round(((fullAtMs - Date.now()) * amount) / 60_000));
  }

  function answerWith(usage: Readonly<Record<string, number>>): void {
    upstream.answer(
      jsonScript(200, {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'claude-opus-5-5',
        content: [{ type: 'text', text: 'fine' }],
        stop_reason: 'end_turn',
        stop_sequence: null,
        usage: { cache_creation_input_tokens: 0, cache_read_input_tokens: 0, ...usage },
      }),
    );
  }

  test('of input are settled by what was used, with what was written to a cache and without what was read from it', async () => {
    const million = 1_000_000;
    answerWith({
      input_tokens: 300_000,
      output_tokens: 5,
      cache_creation_input_tokens: 100_000,
      cache_read_input_tokens: 700_000,
    });
    expect((await ask(tokens(million, 'input_tokens'))).outcome).toBe('ok');
    // So much flows in within three seconds.
    await expect.poll(() => usedOf('input_tokens', million), { timeout: patienceMs }).toBeGreaterThan(350_000);
    expect(await usedOf('input_tokens', million)).toBeLessThanOrEqual(400_000);
  });

  test('of output are reserved until the answer is known, and given back', async () => {
    const gate = createGate();
    upstream.answer([waitFor(gate.opened), ...jsonScript(500, { error: { message: 'no' } })]);
    const limits = tokens(5000, 'output_tokens', 'max_tokens');
    const running = ask(limits, { maxTokens: 4000 });
    await upstream.request(0);
    expect(sentenceOf(await ask(limits, { maxTokens: 4000 }))).toBe(
      'Rate limit: 5000 output tokens per minute for user ada. Retry in N s.',
    );
    gate.open();
    await running;
    await expect.poll(() => usedOf('output_tokens', 5000), { timeout: patienceMs }).toBe(0);
  });

  test('that an answer uses beyond the limit are a debt, which the next request waits for', async () => {
    answerWith({ input_tokens: 1, output_tokens: 900 });
    const limits = tokens(100, 'output_tokens', 'none');
    expect((await ask(limits)).outcome).toBe('ok');
    await expect.poll(async () => (await ask(limits)).outcome, { timeout: patienceMs }).toBe('policy_rate_limit');
    const refused = refusalOf(await ask(limits));
    expect(refused?.publicMessage).toMatch(
      /^Rate limit: 100 output tokens per minute for user ada. Try again after 20/u,
    );
    expect(refused).toMatchObject({ status: 429, retry: 'never' });
  });

  test('of a prompt larger than the bucket pass once it is full', async () => {
    const limits = tokens(5, 'input_tokens');
    expect((await ask(limits)).outcome).toBe('ok');
    expect((await ask(limits)).outcome).toBe('policy_rate_limit');
  });

  test('of a call that the provider refused are given back', async () => {
    upstream.answer(jsonScript(400, { type: 'error', error: { type: 'invalid_request_error', message: 'no' } }));
    expect((await ask(tokens(100, 'input_tokens'))).outcome).toBe('client_bad_request');
    await expect.poll(() => usedOf('input_tokens', 100), { timeout: patienceMs }).toBe(0);
  });

  test('are told with every answer: the limit, what is left of it, and when it is full', async () => {
    const limits = [perMinute('tenant', 50), perMinute('user', 5), ...tokens(10_600, 'output_tokens', 'none')];
    const headers: string[][] = [];
    await ask(limits, { onHeaders: (list) => headers.push(...list.map((pair) => [...pair])) });
    const told = Object.fromEntries(headers.filter(([name]) => name?.startsWith('anthropic-ratelimit-')));
    const reset = expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/u);
    expect(told).toEqual({
      'anthropic-ratelimit-requests-limit': '5',
      'anthropic-ratelimit-requests-remaining': '4',
      'anthropic-ratelimit-requests-reset': reset,
      'anthropic-ratelimit-output-tokens-limit': '10600',
      'anthropic-ratelimit-output-tokens-remaining': '10600',
      'anthropic-ratelimit-output-tokens-reset': reset,
      'anthropic-ratelimit-tokens-limit': '10600',
      'anthropic-ratelimit-tokens-remaining': '10600',
      'anthropic-ratelimit-tokens-reset': reset,
    });
  });
});

test('a limit that is free again in more than a minute says when, and that nothing is gained by trying before', async () => {
  const slow = [perMinute('tenant', 1)];
  await ask(slow);
  // The bucket of the same name shrinks its refill with its amount, so a debt of hours is made by hand.
  const key = store.redisKeys.rateLimit(tenant, 'requests', 'tenant');
  await store.command('set', [key, Date.now() + 3_600_000]);
  const refused = refusalOf(await ask(slow));
  expect(refused).toMatchObject({ status: 429, type: 'rate_limit_error', retry: 'never' });
  expect(refused?.publicMessage).toMatch(/^Rate limit: .* Try again after 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ\.$/u);
});

test('what a client may choose is not in a redis key', async () => {
  const model = 'claude-{t:other}-1';
  expect((await ask([perMinute('model', 1)], { model })).outcome).toBe('ok');
  const list = createScript("return redis.call('KEYS', ARGV[1])");
  const keys = await store.run(list, [store.redisKeys.tenant(tenant)], [`*${tenant}*`]);
  expect(keys).not.toEqual([]);
  expect(JSON.stringify(keys)).not.toContain('claude');
});
