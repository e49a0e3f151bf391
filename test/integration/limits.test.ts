import { createHash, randomUUID } from 'node:crypto';
import { createAdmission } from '@ccg/admission';
import { catalogFromEnv, createTargets } from '@ccg/catalog';
import { Secret, systemClock } from '@ccg/kernel';
import type { GatewayError, LimitRule } from '@ccg/kernel';
import { createServing } from '@ccg/serving';
import type { RequestRecord, ServeRequest, Serving } from '@ccg/serving';
import { connectStore, createScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { createMetrics } from '@ccg/telemetry';
import { createGate, jsonScript, playModel, redisForSuite, say, startScriptedUpstream, waitFor } from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { createCalibration, createTokenEstimator } from '@ccg/tokens';
import { createUpstream } from '@ccg/upstream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const suite = redisForSuite('limits');
const patienceMs = 10_000;

let upstream: ScriptedUpstream;
let store: Store;
let serving: Serving;
let tenant: string;

beforeEach(async () => {
  upstream = await startScriptedUpstream(playModel([{ content: [say('fine')] }]));
  store = connectStore({ ...suite.target, keyPrefix: suite.keyPrefix, commandTimeoutMs: 2000 });
  await store.whenReady(patienceMs);
  serving = startServing();
  tenant = `t-${randomUUID()}`;
});

afterEach(async () => {
  await serving.close();
  await store.close();
  await upstream.close();
});

function startServing(): Serving {
  const made = catalogFromEnv({
    ANTHROPIC_API_KEY: 'sk-ant-test',
    ANTHROPIC_API_BASE: upstream.url,
    ANTHROPIC_PROFILE: 'claude',
  });
  if (made.kind === 'faulty') throw new Error(made.problems.join('\n'));
  const { catalog } = made;
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64');
  const times = { connectTimeoutMs: patienceMs, firstByteTimeoutMs: 600_000, idleTimeoutMs: 600_000 };
  return createServing({
    catalog,
    targets: createTargets(catalog),
    admission: createAdmission({ store, clock: systemClock, liveReplicas: () => 1, timeoutMs: 2000 }),
    upstream: createUpstream({ ...times, proxy: undefined, extraRoots: undefined }),
    tokens: {
      estimator: createTokenEstimator({
        countTokens: (text) => text.length,
        digest,
        yieldToEventLoop: () => Promise.resolve(),
        maxCachedSegments: 10,
      }),
      calibration: createCalibration({ maxModels: 10 }),
    },
    digest,
    ids: { messageId: () => `msg_${randomUUID()}`, toolUseId: () => `toolu_g${randomUUID()}` },
    sealingKeys: [new Secret('a secret of the tests, 32 characters')],
    metrics: createMetrics(),
    clock: systemClock,
  });
}

interface Who {
  readonly user?: string | undefined;
  readonly apiKey?: string;
  readonly model?: string;
  readonly path?: 'messages' | 'count_tokens';
}

const perMinute = (level: LimitRule['level'], amount: number, kind: 'requests' | 'count_requests' = 'requests') =>
  ({ level, kind, amount, per: 'minute' }) as const;

async function ask(limits: readonly LimitRule[], who: Who = {}): Promise<RequestRecord> {
  const { user = 'ada', apiKey = 'laptop', model = 'claude-opus-5-5', path = 'messages' } = who;
  const isService = 'user' in who && who.user === undefined;
  const sink = {
    signal: new AbortController().signal,
    committed: false,
    expectStream() {},
    commit() {
      sink.committed = true;
    },
    write: () => undefined,
    end: () => undefined,
  };
  const body = { model, max_tokens: 8, messages: [{ role: 'user', content: 'hi' }] };
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
      authorization: { scopes: ['messages'], policy: { kind: 'allow-all' }, limits },
    },
    prefix: undefined,
    headers: [],
    query: '',
    takeBody: () => Buffer.from(JSON.stringify(body)),
    receivedAtMs: systemClock.now(),
  };
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
  const limits: readonly LimitRule[] = [{ level: 'user', kind: 'concurrency', amount: 1 }];
  const gate = createGate();
  upstream.answer([waitFor(gate.opened), ...jsonScript(500, { error: { message: 'no' } })]);
  const running = ask(limits);
  await upstream.request(0);
  expect(refusalOf(await ask(limits, { apiKey: 'phone' }))).toMatchObject({
    publicMessage: 'Concurrency limit: 1 requests at a time for user ada. Retry in 1 s.',
    retryAfterSeconds: 1,
  });
  gate.open();
  await running;
  upstream.play(playModel([{ content: [say('fine')] }]));
  await expect.poll(async () => (await ask(limits)).outcome, { timeout: patienceMs }).toBe('ok');
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
