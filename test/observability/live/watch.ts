import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { prometheusPrograms, startPrometheus } from '@ccg/testkit';
import type { PrometheusProcess } from '@ccg/testkit';
import { parse } from 'yaml';

import { runPromtool } from '../support/promtool.ts';
import { ruleFiles, rulesFolder } from '../support/rules.ts';

type Alert = Awaited<ReturnType<PrometheusProcess['alerts']>>[number];

/** Prometheus with the rules of deploy/prometheus, which reads and judges every second. */
export interface Watch {
  readonly prometheus: PrometheusProcess;
  readonly promtool: string;
  /** Every alert that was pending or firing at some time, by name. */
  readonly alerts: ReadonlyMap<string, Alert>;
  /** Waits until an alert was seen; gives up after some time, since a test says what is missing. */
  untilAlert(name: string, timeoutMs: number): Promise<void>;
  /** Scrapes these ops listeners from now on. */
  scrape(targets: Readonly<Record<string, string>>): Promise<void>;
  stop(): Promise<void>;
}

/** The tenant whose prompts came from a cache for a day. */
export async function startWatch(cachedTenant: string): Promise<Watch> {
  const folder = await mkdtemp(join(tmpdir(), 'ccg-watch-'));
  const { prometheus: program, promtool } = await prometheusPrograms();
  const targetsFile = join(folder, 'targets.json');
  await writeFile(targetsFile, '[]');
  const { scrape_configs: apps, ...config } = parse(readFileSync(join(rulesFolder, 'prometheus.yml'), 'utf8'));
  const prometheus = await startPrometheus({
    prometheus: program,
    config: {
      ...config,
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: ruleFiles,
      scrape_configs: [
        { job_name: apps[0].job_name, file_sd_configs: [{ files: [targetsFile], refresh_interval: '1s' }] },
      ],
    },
    async prepare(dataFolder) {
      const file = join(folder, 'past.txt');
      await writeFile(file, pastOf(cachedTenant));
      const run = runPromtool(promtool, ['tsdb', 'create-blocks-from', 'openmetrics', file, dataFolder]);
      if (run.status !== 0) throw new Error(run.output);
    },
  });
  const alerts = new Map<string, Alert>();
  let isOver = false;
  const polling = (async () => {
    while (!isOver) {
      for (const alert of await prometheus.alerts()) alerts.set(alert.labels['alertname'] ?? '', alert);
      await sleep(200);
    }
  })();
  return {
    prometheus,
    promtool,
    alerts,
    async untilAlert(name, timeoutMs) {
      for (const deadline = Date.now() + timeoutMs; !alerts.has(name) && Date.now() < deadline;) await sleep(100);
    },
    async scrape(targets) {
      const groups = Object.entries(targets).map(([job, url]) => ({ targets: [new URL(url).host], labels: { job } }));
      await writeFile(targetsFile, JSON.stringify(groups));
    },
    async stop() {
      isOver = true;
      await polling;
      await prometheus.stop();
      await rm(folder, { recursive: true });
    },
  };
}

const stepSeconds = 300;

/** A day, until an hour ago, in which nine of ten tokens came from the cache. */
function pastOf(tenant: string): string {
  const end = Math.floor(Date.now() / 1000) - 4200;
  const steps = Array.from({ length: (24 * 3600) / stepSeconds }, (_, index) => index);
  const lines = (['cache_read', 'input'] as const).flatMap((kind) =>
    steps.map((step) => {
      const value = step * (kind === 'input' ? 10_000 : 90_000);
      const at = end - (steps.length - step) * stepSeconds;
      return `ccg_tenant_tokens_total{instance="past",tenant="${tenant}",model="m",kind="${kind}"} ${value} ${at}`;
    }),
  );
  return ['# TYPE ccg_tenant_tokens counter', ...lines, '# EOF', ''].join('\n');
}
