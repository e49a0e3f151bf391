import { outcomes } from '@ccg/kernel';
import { expect, test } from 'vitest';
import { metricList } from './metric-list.ts';
import { createMetrics } from './metrics.ts';
import type { RequestFrame } from './request-metrics.ts';

const frame: RequestFrame = {
  endpoint: 'messages',
  dialect: 'anthropic',
  provider: 'anthropic',
  model: 'claude',
  stream: true,
  tenant: 'acme',
  isModelKnown: true,
};

test('the exposition has every metric of the list, and those of Node under their usual names', async () => {
  const { text, contentType } = await createMetrics().expose();
  for (const { name, kind, help } of Object.values(metricList)) {
    expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n`);
  }
  expect([...text.matchAll(/^# TYPE (ccg_\w+)/gmu)]).toHaveLength(Object.keys(metricList).length);
  expect(text).toMatch(/^process_cpu_seconds_total /mu);
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /mu);
  expect(contentType).toContain('version=0.0.4');
});

test.each([
  ['gateway', 'requests', frame],
  ['admin', 'requests', { ...frame, endpoint: 'admin.tenants.list' }],
  ['worker', 'items', { ...frame, endpoint: 'item_of_batch' }],
] as const)('every outcome of a %s is exposed before the first of its %s', async (process, traffic, counted) => {
  const metrics = createMetrics({ process });
  const countsOf = async () => {
    const lines = (await metrics.expose()).text.matchAll(
      /^ccg_outcomes_total\{traffic="(\w+)",outcome="(\w+)"\} (\d+)$/gmu,
    );
    return [...lines].map(([, ...parts]) => parts);
  };
  const at = (count: (outcome: string) => number) => outcomes.map((one) => [traffic, one, String(count(one))]);
  expect(await countsOf()).toEqual(at(() => 0));
  metrics.requestsOf(counted).finished('503', 'gateway_store_down', 1);
  metrics.requestsOf({ ...counted, model: 'other' }).finished('503', 'gateway_store_down', 1);
  expect(await countsOf()).toEqual(at((outcome) => (outcome === 'gateway_store_down' ? 2 : 0)));
});

test('what alerts ask of a configured provider is exposed before its first call, and counted in the same series', async () => {
  const metrics = createMetrics({ process: 'gateway' });
  metrics.expectProvider('openai-chat', 'openai');
  const provider = 'dialect="openai-chat",provider="openai"';
  const failed = `ccg_attempts_total{endpoint="messages",${provider},outcome="upstream_timeout"}`;
  const { text } = await metrics.expose();
  expect(text).toContain(`${failed} 0\n`);
  expect(text).toContain(`ccg_first_event_seconds_count{${provider}} 0\n`);
  const called = { ...frame, dialect: 'openai-chat', provider: 'openai' };
  metrics.requestsOf(called).attempt('upstream_timeout', 1, true);
  expect((await metrics.expose()).text).toContain(`${failed} 1\n`);
});

test('a histogram counts what is at most its bounds', async () => {
  const metrics = createMetrics();
  for (const seconds of [0.00005, 0.0001, 0.3, 7]) metrics.requestsOf(frame).stage('admit', seconds);
  const { text } = await metrics.expose();
  const labels = 'stage="admit",endpoint="messages",dialect="anthropic",provider="anthropic",stream="true"';
  for (const line of [
    `_bucket{${labels},le="0.0001"} 2`,
    `_bucket{${labels},le="0.25"} 2`,
    `_bucket{${labels},le="0.5"} 3`,
    `_bucket{${labels},le="+Inf"} 4`,
    `_sum{${labels}} 7.30015`,
    `_count{${labels}} 4`,
  ])
    expect(text).toContain(`ccg_stage_duration_seconds${line}\n`);
});

test('what changes by itself is read when the metrics are, from everybody who watches it', async () => {
  const metrics = createMetrics();
  let held = 3;
  metrics.watchBodyBytes(() => held);
  metrics.watchBodyBytes(() => 4);
  metrics.watchIssuerKeys(() => [{ issuer: 'corporate', seconds: Infinity }]);
  metrics.watchIssuerKeys(() => [{ issuer: 'corporate', seconds: 5 }]);
  expect((await metrics.expose()).text).toMatch(/^ccg_body_bytes_in_flight 7$/mu);
  held = 0;
  const { text } = await metrics.expose();
  expect(text).toMatch(/^ccg_body_bytes_in_flight 4$/mu);
  expect(text).toMatch(/^ccg_issuer_keys_age_seconds\{issuer="corporate"\} \+Inf$/mu);
});

test.each(['gateway', 'admin', 'worker'] as const)(
  'a %s exposes the metrics that it counts, and no others',
  async (process) => {
    const { text } = await createMetrics({ process }).expose();
    const counted = Object.values(metricList).filter(({ processes }) => processes.includes(process));
    const told = [...text.matchAll(/^# TYPE (?<name>ccg_\w+)/gmu)].map(({ groups }) => groups?.['name'] ?? '');
    expect(told.toSorted()).toEqual(counted.map(({ name }) => name).toSorted());
  },
);

test('each change of whether Redis answers is counted once, by what it changed to', async () => {
  const metrics = createMetrics();
  for (const state of ['ready', 'down', 'down', 'partial', 'ready'] as const) metrics.storeState(state);
  const { text } = await metrics.expose();
  expect(text.match(/^ccg_store_(?:up|transitions_total).*$/gmu)).toEqual([
    'ccg_store_up 1',
    'ccg_store_transitions_total{to="ready"} 2',
    'ccg_store_transitions_total{to="down"} 1',
    'ccg_store_transitions_total{to="partial"} 1',
  ]);
});

test('how requests waited is told by how their waits ended, and how many wait now', async () => {
  const metrics = createMetrics();
  metrics.watchWaiting(() => 3);
  for (const seconds of [0.2, 4]) metrics.waited('admitted', seconds);
  metrics.waited('full', 0);
  const { text } = await metrics.expose();
  expect(text).toMatch(/^ccg_waiting_requests 3$/mu);
  expect(text).toContain('ccg_waited_seconds_bucket{end="admitted",le="0.25"} 1\n');
  expect(text).toContain('ccg_waited_seconds_count{end="admitted"} 2\n');
  expect(text).toContain('ccg_waited_seconds_count{end="full"} 1\n');
});

/** So many series have 10,000 tenants and 10,000 models at most; README states it. */
const seriesMax = 60_000;

test('10,000 tenants and 10,000 invented models stay below a stated number of series, and nothing is left uncounted', async () => {
  const metrics = createMetrics();
  for (let number = 0; number < 10_000; number += 1) {
    // Every other model is one that no provider has answered as.
    const ids = { tenant: `tenant-${number}`, model: `invented-${number}`, isModelKnown: number % 2 === 0 };
    count({ ...frame, ...ids });
    count({ ...frame, ...ids, tenant: `tenant-${number % 200}` });
    count({ ...frame, ...ids, model: `invented-${number % 100}` });
  }
  const { text } = await metrics.expose();
  expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length).toBeLessThan(seriesMax);
  for (const label of ['model', 'tenant'])
    expect(new Set([...text.matchAll(new RegExp(`[{,]${label}="([^"]*)"`, 'gu'))].map(([, value]) => value)).size).toBe(
      201,
    );
  const total = [...text.matchAll(/^ccg_requests_total\{.*\} (\d+)$/gmu)].reduce((sum, [, n]) => sum + Number(n), 0);
  expect(total).toBe(30_000);

  function count(counted: RequestFrame): void {
    const meters = metrics.requestsOf(counted);
    meters.finished('200', 'ok', 1);
    meters.cost('list', 5);
    meters.tokens('reported', { input: 1, output: 1, cache_read: 1, cache_write: 1, reasoning: 1 });
  }
});

test('a configured model has a series of its own although it fails, and however many others clients ask for', async () => {
  const metrics = createMetrics({ bounds: { maxTenants: 1, maxModels: 1 } });
  metrics.expectModel('configured');
  for (const model of ['invented', 'another', 'configured']) {
    metrics.requestsOf({ ...frame, model, isModelKnown: model !== 'configured' }).finished('500', 'upstream_error', 1);
  }
  const { text } = await metrics.expose();
  const counted = text.matchAll(/^ccg_requests_total.*model="(?<model>\w+)".* 1$/gmu);
  expect([...counted].map(({ groups }) => groups?.['model'])).toEqual(['invented', 'other', 'configured']);
});

test('a model that nobody has answered as takes no place of one that somebody did', async () => {
  const metrics = createMetrics({ bounds: { maxTenants: 1, maxModels: 1 } });
  metrics.requestsOf({ ...frame, model: 'invented', isModelKnown: false }).finished('404', 'client_bad_request', 1);
  metrics.requestsOf({ ...frame, model: 'real' }).finished('200', 'ok', 1);
  metrics.requestsOf({ ...frame, model: 'real', isModelKnown: false }).finished('500', 'upstream_error', 1);
  const { text } = await metrics.expose();
  expect(
    [...text.matchAll(/^ccg_requests_total.*model="(\w+)",status="(\d+)"/gmu)].map(([, ...found]) => found),
  ).toEqual([
    ['other', '404'],
    ['real', '200'],
    ['real', '500'],
  ]);
});

test.each([
  ['quotes and backslashes', 'a"b\\c', String.raw`a\"b\\\\c`],
  ['newlines and escape sequences', 'a\n# b\r\u001B[31m\u2028', String.raw`a\\u000a# b\\u000d\\u001b[31m\\u2028`],
  ['a change of direction', 'a\u202Eb', String.raw`a\\u202eb`],
  ['half of a character', 'a\uD800', String.raw`a\\ud800`],
  ['64 KB of escape sequences', '\u001B'.repeat(65_536), String.raw`\\u001b`.repeat(42)],
  ['64 KB', 'x'.repeat(65_536), 'x'.repeat(256)],
])('a name with %s is one value of a label', async (_what, model, value) => {
  const metrics = createMetrics();
  metrics.requestsOf({ ...frame, model }).finished('200', 'ok', 1);
  const { text } = await metrics.expose();
  expect(text).toContain(`,model="${value}",status="200",outcome="ok"} 1\n`);
  for (const line of text.split('\n')) expect(line).toMatch(/^(?:#.*|[a-z_0-9]+(?:\{.*\})? \S+|)$/u);
});
