import { loadavg } from 'node:os';
import { percentile } from '../credentials/percentiles.ts';
import { measureAccept } from './measure-accept.ts';
import { measureCancel } from './measure-cancel.ts';
import { measureInteractive } from './measure-interactive.ts';
import { measureShares } from './measure-shares.ts';
import { measureWorkers } from './measure-workers.ts';
import { startBatchRig } from './rig.ts';
import type { BatchRig } from './rig.ts';

/*
 * What message batches cost: accepting the largest one, canceling one, sharing workers with somebody who has many items, what more
 * workers give, and what an interactive request notices of a full queue. Prints each figure beside its bound, then JSON, and
 * exits with 1 where one is above it.
 * Use: bench-batches.ts [PART…], all of them unless named: accept cancel shares workers interactive
 */

interface Bounded {
  readonly what: string;
  readonly figure: number;
  readonly bound: number;
  readonly unit: string;
}

type Part = (rig: BatchRig) => Promise<{ readonly figures: unknown; readonly bounded: readonly Bounded[] }>;

const parts: Readonly<Record<string, Part>> = {
  async accept(rig) {
    const figures = await measureAccept(rig.gateway, await rig.addTenant('accept'));
    const { longestLoopDelayMs, rssGrowthMegabytes } = figures;
    const bounded = [
      { what: 'longest delay of the loop, 100,000 items', figure: longestLoopDelayMs, bound: 50, unit: 'ms' },
      { what: 'growth of the memory, 100,000 items', figure: rssGrowthMegabytes, bound: 200, unit: 'MB' },
    ];
    return { figures, bounded };
  },
  async cancel(rig) {
    const stop = await rig.startWorkers(1);
    const timesMs = await measureCancel(rig, await rig.addTenant('cancel'));
    await stop();
    const figures = { p50Ms: percentile(timesMs, 0.5), p99Ms: percentile(timesMs, 0.99) };
    return { figures, bounded: [{ what: 'canceling is seen, p99', figure: figures.p99Ms, bound: 200, unit: 'ms' }] };
  },
  async shares(rig) {
    const figures = await measureShares(rig, await rig.addTenant('many'), await rig.addTenant('few'));
    if (!figures.othersWaited) throw new Error('Nobody waited beside the few: the measurement says nothing.');
    const what = '100 items beside 5,000 of another tenant, times as long as alone';
    return { figures, bounded: [{ what, figure: figures.ratio, bound: 2, unit: '' }] };
  },
  async workers(rig) {
    const apiKey = await rig.addTenant('workers');
    const one = await measureWorkers(rig, apiKey, 1);
    const [two, four] = [await measureWorkers(rig, apiKey, 2), await measureWorkers(rig, apiKey, 4)];
    const figures = { one, two, four };
    // Stated as what is missing, so that all bounds are upper ones.
    const missing = (rate: number, count: number) => 1 - rate / (one * count);
    const bounded = [
      { what: 'share of their work that 2 workers lack', figure: missing(two, 2), bound: 0.1, unit: '' },
      { what: 'share of their work that 4 workers lack', figure: missing(four, 4), bound: 0.1, unit: '' },
    ];
    return { figures, bounded };
  },
  async interactive(rig) {
    const figures = await measureInteractive(rig, await rig.addTenant('queue'), await rig.addTenant('person'));
    const what = 'p50 of a request beside a full queue, times as long as without';
    return { figures, bounded: [{ what, figure: figures.ratio, bound: 1.2, unit: '' }] };
  },
};

// What was started dies with this process, which a signal alone would not see to.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => parts[name] === undefined);
if (unknown !== undefined) {
  process.stderr.write(`There is no part ${unknown}: ${Object.keys(parts).join(', ')}\n`);
  process.exit(2);
}
const results: Record<string, unknown> = {};
let isAbove = false;
for (const [name, measure] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const { figures, bounded } = await measureOnRig(measure);
  // Where others use the machine, the loop waits for it, too.
  results[name] = { loadAverage: loadavg()[0], figures };
  for (const one of bounded) {
    isAbove ||= one.figure > one.bound;
    process.stderr.write(describe(one));
  }
}
process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`);
process.exit(isAbove ? 1 : 0);

async function measureOnRig(measure: Part): ReturnType<Part> {
  const rig = await startBatchRig();
  try {
    return await measure(rig);
  } finally {
    await rig.close();
  }
}

function describe({ what, figure, bound, unit }: Bounded): string {
  const verdict = figure <= bound ? 'within' : 'ABOVE';
  return `${verdict.padEnd(7)} ${what}: ${figure.toFixed(2)} ${unit} (bound ${bound})\n`;
}
