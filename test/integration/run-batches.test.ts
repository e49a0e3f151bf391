import { once } from 'node:events';
import { connect } from 'node:net';
import {
  resumeUser,
  revokeApiKey,
  rotateApiKey,
  suspendTenant,
  suspendUser,
  updateTenant,
  updateUser,
} from '@ccg/tenancy';
import { cut, doneValue, jsonAt, jsonScript, redisForSuite, waitFor } from '@ccg/testkit';
import type { RecordedRequest, Script } from '@ccg/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { answerWith, openRunBatchesRig, outcomeOf, promptOf, rootActor } from './support/run-batches-rig.ts';
import type { BatchOwner, RunBatchesRig } from './support/run-batches-rig.ts';

let rig: RunBatchesRig;
const ownPlace = (env: Readonly<Record<string, string>> = {}) => {
  const { url, target, keyPrefix } = redisForSuite('run-batches');
  return { target, keyPrefix, env: { REDIS_URL: url, ...env } };
};
beforeAll(async () => {
  rig = await openRunBatchesRig(ownPlace());
  await rig.startWorker();
});
afterAll(async () => {
  await rig.close();
});
const answerAll = (request: RecordedRequest) => answerWith(`re: ${promptOf(request)}`);
afterEach(() => {
  rig.upstream.reset();
  rig.upstream.play(answerAll);
});

const failing = (status: number, type: string, headers: Readonly<Record<string, string>> = {}): Script =>
  jsonScript(status, { type: 'error', error: { type, message: 'It failed.' } }, headers);

test('what fails for a while is tried again, never earlier than its provider asks', async () => {
  const passing: Readonly<Record<string, Script>> = {
    '429': failing(429, 'rate_limit_error'),
    '429 with retry-after': failing(429, 'rate_limit_error', { 'retry-after': '2' }),
    '529': failing(529, 'overloaded_error'),
    '529 with retry-after': failing(529, 'overloaded_error', { 'retry-after': '2' }),
    '500': failing(500, 'api_error'),
    '502': jsonScript(502, 'bad gateway'),
    '503 with retry-after': jsonScript(503, 'later', { 'retry-after': '2' }),
    '504': failing(504, 'timeout_error'),
    'a connection that is cut': [cut],
  };
  const names = Object.keys(passing);
  const seenAtMs = new Map<string, number[]>();
  rig.upstream.play((request) => {
    const prompt = promptOf(request);
    const times = seenAtMs.get(prompt) ?? [];
    seenAtMs.set(prompt, [...times, performance.now()]);
    return times.length === 0 ? (passing[prompt] ?? []) : answerAll(request);
  });
  const place = await rig.create(await rig.owner(), names);
  expect((await rig.results(place)).map(outcomeOf)).toEqual(names.map((name) => `re: ${name}`));
  for (const name of names) {
    const [first = 0, second = 0, ...more] = seenAtMs.get(name) ?? [];
    expect(more).toEqual([]);
    // A timer may fire a few milliseconds early.
    if (name.includes('retry-after')) expect(second - first).toBeGreaterThan(1950);
  }
});

test('an item is sent with the version and the betas of the request that created its batch', async () => {
  const headers = [
    ['anthropic-version', '2023-01-01'],
    ['anthropic-beta', 'context-1m-2025-08-07'],
  ] as const;
  const owner = await rig.owner();
  const ask = async (place: ReturnType<RunBatchesRig['create']>) => {
    rig.upstream.reset();
    rig.upstream.play(answerAll);
    await rig.results(await place);
    return rig.upstream.requests.map(({ headers: sent }) => [sent['anthropic-version'], sent['anthropic-beta']]);
  };
  expect(await ask(rig.create(owner, ['one'], headers))).toEqual([['2023-01-01', 'context-1m-2025-08-07']]);
  expect(await ask(rig.create(owner, ['other']))).toEqual([['2023-06-01', undefined]]);
});

test('the queue waits for the next item that is due to the millisecond, so that those due later come later', async () => {
  const { hostname, port } = new URL(rig.env['REDIS_URL'] ?? '');
  const monitor = connect(Number(port), hostname);
  let commands = '';
  monitor.on('data', (bytes) => {
    commands += bytes.toString();
  });
  monitor.write('MONITOR\r\n');
  await once(monitor, 'data');
  rig.upstream.play((request) =>
    rig.upstream.requests.length === 1 ? failing(529, 'overloaded_error', { 'retry-after': '1' }) : answerAll(request),
  );
  await rig.results(await rig.create(await rig.owner(), ['once']));
  monitor.destroy();
  const queue = rig.store.redisKeys.batches.queue();
  const waits = [...commands.matchAll(/"bzpopmin" "(?<key>[^"]+)" "(?<seconds>[^"]+)"/giu)]
    .filter(({ groups }) => groups?.['key']?.includes(queue))
    .map(({ groups }) => Number(groups?.['seconds']));
  // The queue rounds up where it does not know what its Redis can do.
  expect(waits.filter((seconds) => seconds > 0.1 && !Number.isInteger(seconds))).not.toEqual([]);
});

test('items that a provider refuses all at once are not tried again all at once', async () => {
  const count = 16;
  const again: number[] = [];
  const seen = new Set<string>();
  rig.upstream.play((request) => {
    const prompt = promptOf(request);
    if (seen.has(prompt)) again.push(performance.now());
    const isFirst = !seen.has(prompt);
    seen.add(prompt);
    return isFirst ? failing(529, 'overloaded_error', { 'retry-after': '2' }) : answerAll(request);
  });
  const place = await rig.create(
    await rig.owner(),
    Array.from({ length: count }, (_, index) => `n${index}`),
  );
  await rig.results(place);
  expect(again.length).toBe(count);
  // They come within a second where nothing spreads them; the chance that 16 do by luck is one in a million.
  expect(Math.max(...again) - Math.min(...again)).toBeGreaterThan(250);
});

test('a tenant of weight 3 gets three items run where one of weight 1 gets one, while both have work', async () => {
  const light = await rig.owner();
  const heavy = await rig.owner();
  doneValue(await updateTenant(rig.tenancy, rootActor, { tenant: heavy.tenant, waitingWeight: 3 }));
  const opened = Promise.withResolvers<void>();
  rig.upstream.play((request) => [waitFor(opened.promise), ...answerAll(request)]);
  const itemsOf = (text: string) => Array.from({ length: 240 }, (_, index) => `${text}${index}`);
  const places = [await rig.create(light, itemsOf('light')), await rig.create(heavy, itemsOf('heavy'))];
  opened.resolve();
  for (const place of places) await rig.results(place);
  const order = rig.upstream.requests.map((request) => promptOf(request).slice(0, 5));
  // From when both run: before that the first batch is alone.
  const both = order.slice(order.indexOf('heavy'), order.lastIndexOf('heavy') + 1);
  const count = (text: string) => both.filter((one) => one === text).length;
  expect(count('heavy')).toBe(240);
  expect(count('light')).toBeGreaterThan(240 / 4.5);
  expect(count('light')).toBeLessThan(240 / 2);
});

describe('what would fail again ends the item with the full error body, and is asked once', () => {
  test.each<[number, string, string]>([
    [400, 'invalid_request_error', 'invalid_request_error'],
    [401, 'authentication_error', 'api_error'],
    [403, 'permission_error', 'api_error'],
    [404, 'not_found_error', 'not_found_error'],
    [413, 'request_too_large', 'request_too_large'],
  ])('%i', async (status, type, told) => {
    rig.upstream.play(() => failing(status, type));
    const place = await rig.create(await rig.owner(), ['a']);
    const [result] = await rig.results(place);
    expect(result).toEqual({
      type: 'errored',
      error: {
        type: 'error',
        error: { type: told, message: expect.stringMatching(/./u) },
        request_id: expect.stringMatching(/^req_/u),
      },
    });
    expect(rig.upstream.requests.length).toBe(1);
  });
});

const someMs = expect.toSatisfy((value: unknown) => typeof value === 'number' && value >= 0);

test('an item has the line of a request: who asked which model, what the provider said and whose failure it is', async () => {
  const ids = { 'request-id': 'req_upstream' };
  let failed = false;
  rig.upstream.play((request) => {
    const prompt = promptOf(request);
    if (prompt === 'refused') return failing(401, 'authentication_error', ids);
    if (prompt === 'wrong') return failing(400, 'invalid_request_error', ids);
    if (prompt !== 'fails' || failed) return answerAll(request);
    failed = true;
    return failing(500, 'api_error', ids);
  });
  const owner = await rig.owner();
  const place = await rig.create(owner, ['fine', 'fails', 'refused', 'wrong']);
  await rig.results(place);
  const lines = rig.linesOf(place);
  const { tenant, apiKeyId } = owner;
  for (const line of lines) {
    expect(line).toMatchObject({
      requestId: expect.stringMatching(/^req_/u),
      endpoint: 'item_of_batch',
      tenant,
      apiKeyId,
      provider: 'anthropic',
      model: 'claude-opus-5-5',
      requestedModel: 'claude-opus-5-5',
      dialect: 'anthropic',
      stream: false,
      bodyBytes: expect.any(Number),
      inputTokens: expect.any(Number),
      costMicroDollars: expect.any(Number),
      attempts: expect.any(Number),
      ...Object.fromEntries(['admitMs', 'translateMs', 'upstreamMs', 'durationMs'].map((name) => [name, someMs])),
    });
  }
  const ofItem = (index: number) => lines.filter((line) => line['index'] === index);
  const ok = { level: 'info', outcome: 'ok', status: 200, inputTokens: 10, outputTokens: 5, stopReason: 'end_turn' };
  const failure = { upstreamRequestId: 'req_upstream', owner: 'upstream' };
  expect(ofItem(0)).toMatchObject([{ ...ok, upstreamStatus: 200 }]);
  expect(ofItem(1)).toMatchObject([
    { ...failure, level: 'warn', outcome: 'upstream_error', error: 'upstream-failed', upstreamStatus: 500 },
    ok,
  ]);
  const credential = { level: 'error', outcome: 'upstream_credential', upstreamMessage: 'It failed.' };
  expect(ofItem(2)).toMatchObject([{ ...failure, ...credential, owner: expect.any(String), upstreamStatus: 401 }]);
  const wrong = { level: 'info', outcome: 'client_bad_request', error: 'upstream-refused', upstreamStatus: 400 };
  expect(ofItem(3)).toMatchObject([wrong]);
});

test('an item that asks nobody has a line, too: its credential is over, or its params are wrong', async () => {
  const owner = await rig.owner();
  const { tenant, apiKeyId } = owner;
  const faulty = await rig.create(owner, [{ model: 'claude-opus-5-5', max_tokens: 'many', messages: [] }]);
  await rig.results(faulty);
  await suspendTenant(rig.tenancy, rootActor, { tenant });
  const suspended = await rig.create(owner, ['a']);
  await rig.results(suspended);
  const who = { level: 'info', endpoint: 'item_of_batch', tenant, apiKeyId, index: 0 };
  expect(rig.linesOf(faulty)).toMatchObject([{ ...who, outcome: 'client_bad_request', invalid: 'max_tokens' }]);
  expect(rig.linesOf(suspended)).toMatchObject([{ ...who, outcome: 'policy_suspended', error: 'suspended' }]);
});

test('LOG_SAMPLE thins the lines of items that went well', async () => {
  const own = await openRunBatchesRig(ownPlace({ LOG_SAMPLE: '3' }));
  try {
    await own.startWorker();
    const place = await own.create(await own.owner(), ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    await own.results(place);
    expect(own.linesOf(place)).toMatchObject([{ okSample: 3 }, { okSample: 3 }, { okSample: 3 }]);
  } finally {
    await own.close();
  }
});

describe('whose authority an item runs under is read again when it runs', () => {
  const running = (owner: BatchOwner) => rig.create(owner, ['a', 'b']);

  test.each<[string, (owner: BatchOwner) => Promise<unknown>, string, RegExp]>([
    [
      'a suspended tenant',
      ({ tenant }) => suspendTenant(rig.tenancy, rootActor, { tenant }),
      'permission_error',
      /team that created the batch is suspended/u,
    ],
    [
      'a suspended user',
      ({ tenant, user: id }) => suspendUser(rig.tenancy, rootActor, { tenant, id }),
      'permission_error',
      /user that created the batch is suspended/u,
    ],
    [
      'a revoked API key',
      ({ tenant, apiKeyId: id }) => revokeApiKey(rig.tenancy, rootActor, { tenant, id }),
      'authentication_error',
      /was revoked, or the API key has expired/u,
    ],
    [
      'an allowlist that lacks the model now',
      ({ tenant, user: id }) => updateUser(rig.tenancy, rootActor, { tenant, id, allowlist: { models: ['gpt-*'] } }),
      'permission_error',
      /claude-opus-5-5/u,
    ],
  ])('%s ends the rest of the batch', async (_what, change, type, message) => {
    const owner = await rig.owner();
    const place = await changedMeanwhile(owner, () => change(owner));
    for (const result of await rig.results(place)) {
      expect(result).toMatchObject({ type: 'errored', error: { type: 'error', error: { type } } });
      expect(jsonAt(result, 'error', 'error', 'message')).toMatch(message);
      expect(jsonAt(result, 'error', 'request_id')).toMatch(/^req_/u);
    }
  });

  test('a rotated API key stops nothing, also when the old one is over', async () => {
    const owner = await rig.owner();
    const { tenant, apiKeyId: id } = owner;
    const place = await changedMeanwhile(owner, async () => {
      doneValue(await rotateApiKey(rig.tenancy, rootActor, { tenant, id, overlapMs: 0 }));
    });
    expect((await rig.results(place)).map(outcomeOf)).toEqual(['re: a', 're: b']);
  });

  test('a user who was suspended and came back goes on', async () => {
    const owner = await rig.owner();
    const at = { tenant: owner.tenant, id: owner.user };
    doneValue(await suspendUser(rig.tenancy, rootActor, at));
    doneValue(await resumeUser(rig.tenancy, rootActor, at));
    expect((await rig.results(await running(owner))).map(outcomeOf)).toEqual(['re: a', 're: b']);
  });

  /** The items run when the change was made: until then the provider refuses them. */
  async function changedMeanwhile(owner: BatchOwner, change: () => Promise<unknown>) {
    rig.upstream.play(() => failing(529, 'overloaded_error'));
    const place = await running(owner);
    await rig.upstream.request(1);
    await change();
    rig.upstream.play(answerAll);
    return place;
  }
});
