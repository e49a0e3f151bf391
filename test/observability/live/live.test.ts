import { setTimeout as sleep } from 'node:timers/promises';
import { outcomes } from '@ccg/kernel';
import type { Outcome } from '@ccg/kernel';
import { leakWatch } from '@ccg/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { dashboards } from '../dashboards/all-dashboards.ts';
import { runPromtool } from '../support/promtool.ts';
import { readAlerts, readRunbook } from '../support/rules.ts';
import { createLoad, makeTenants } from './load.ts';
import { startObservedSystem } from './observed-system.ts';
import type { ObservedSystem } from './observed-system.ts';
import { startWatch } from './watch.ts';
import type { Watch } from './watch.ts';

// A gateway, an admin API and a worker run under requests and batches that end in every way, and a real Prometheus watches them with our rules.

let watch: Watch;
let system: ObservedSystem;

beforeAll(async () => {
  [watch, system] = await Promise.all([startWatch('acme'), startObservedSystem()]);
  // Nothing is scraped yet, which is a fault as well.
  await watch.untilAlert('CcgNotScraped', 10_000);
  const { gateway, admin, worker } = system;
  await watch.scrape({ gateway: gateway.opsUrl, admin: admin.opsUrl, worker: worker.opsUrl });
  const load = createLoad(system, await makeTenants(system));
  const slow = Promise.all([load.slowStreams(), load.hungAnswers(), load.stalledReader(), load.oldBatch()]);
  // Counters grow between scrapes.
  for (let wave = 0; wave < 5; wave += 1) {
    await load.wave();
    await sleep(1100);
  }
  await system.loseUsageRecords('acme');
  await load.withoutRedis();
  await slow;
  for (let stop = 0; stop < 8 && !watch.alerts.has('CcgEventLoopLags'); stop += 1) {
    system.gateway.signal('SIGSTOP');
    await sleep(700);
    system.gateway.signal('SIGCONT');
    await sleep(800);
  }
  await load.wave();
  for (const { alert } of expectedAlerts) await watch.untilAlert(alert, 3000);
}, 180_000);

afterAll(async () => {
  await watch.stop();
  await system.close();
});

/** A query of Grafana as Prometheus takes it: with everything chosen, over the time of this run. */
function asPromQl(expr: string): string {
  return expr
    .replaceAll('$__rate_interval', '2m')
    .replaceAll('$__range', '5m')
    .replaceAll(/"\$(?:namespace|tenant|provider)"/gu, '".*"');
}

const expectedAlerts = readAlerts();
const queries = dashboards.flatMap(({ title, rows }) =>
  rows
    .flatMap(({ panels }) => panels)
    .flatMap((panel) =>
      panel.queries.map(({ expr, legend }) => ({ name: `${title}: ${panel.title}: ${legend}`, expr })),
    ),
);

/** What no request of this run need end in, and why. */
const notProvoked: Partial<Record<Outcome, string>> = {
  capacity_memory: 'it takes hundreds of megabytes',
  capacity_draining: 'the gateway would end',
  gateway_internal: 'that is a fault of ours',
};

test('the requests ended in every way that can be provoked', async () => {
  const samples = await watch.prometheus.query('sum by (outcome) (ccg_requests_total) > 0');
  const seen = new Set(samples.map(({ labels }) => labels['outcome']));
  const missing = outcomes.filter((outcome) => !seen.has(outcome) && notProvoked[outcome] === undefined);
  expect(missing).toEqual([]);
});

describe('the query of the panel', () => {
  test.each(queries)('"$name" gives numbers', async ({ expr }) => {
    const samples = await watch.prometheus.query(asPromQl(expr));
    expect(samples.filter(({ value }) => Number.isFinite(value) || value === Infinity)).not.toEqual([]);
  });
});

test.each(expectedAlerts)('$alert was pending or firing while its fault was there', ({ alert, annotations }) => {
  const seen = watch.alerts.get(alert);
  expect(seen).toBeDefined();
  // A fault in a template would be named in the place of its text.
  for (const text of Object.values(seen?.annotations ?? {})) expect(text).not.toMatch(/<error|<no value>|\{\{/u);
  expect(Object.keys(seen?.annotations ?? {}).toSorted()).toEqual(Object.keys(annotations).toSorted());
});

test.each(readAlerts())('every query in the runbook of $alert is one that Prometheus takes', async ({ alert }) => {
  for (const [, expr = ''] of readRunbook(alert).matchAll(/query '(?<expr>[^']+)'/gu))
    await watch.prometheus.query(expr);
});

test('no secret, prompt or API key is in the metrics or the log of any process', async () => {
  const texts = await Promise.all(
    [system.gateway, system.admin, system.worker].map(async ({ opsUrl }) => (await fetch(`${opsUrl}/metrics`)).text()),
  );
  expect(texts.every((text) => text.includes('ccg_store_up 1'))).toBe(true);
  leakWatch.process({}, () => texts.join('\n'));
  expect(leakWatch.leaks()).toEqual([]);
});

test.each(['gateway', 'admin', 'worker'] as const)('promtool finds no fault in the metrics of the %s', async (app) => {
  const exposition = await (await fetch(`${system[app].opsUrl}/metrics`)).text();
  expect(runPromtool(watch.promtool, ['check', 'metrics'], exposition)).toEqual({ status: 0, output: '' });
});

test.each([
  ['ccg_body_bytes_in_flight', 'gateway'],
  ['ccg_usage_lag_seconds', 'admin'],
])('%s, by whose absence an alert knows that no %s is scraped, is told by that app alone', async (metric, app) => {
  const samples = await watch.prometheus.query(`count by (job) (${metric})`);
  expect(samples.map(({ labels }) => labels['job'])).toEqual([app]);
});
