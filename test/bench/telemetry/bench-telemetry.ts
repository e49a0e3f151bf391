import { join } from 'node:path';
import { createMetrics } from '@ccg/telemetry';
import type { CaseName } from '../cases.ts';
import { cpuPerAnswer, cpuPerToken, spreadOf } from '../report/figures.ts';
import type { Spread } from '../report/figures.ts';
import { formatSpread } from '../report/tables.ts';
import { startRig } from '../rig.ts';
import type { Server } from '../rig.ts';
import { startCountingCollector } from './collector.ts';
import { variants } from './variants.ts';
import type { Variant } from './variants.ts';

// What log, metrics and traces cost: the gateway with log and metrics, without them, and with every request traced as
// well, side by side; and a scrape of a large installation.

type Load = Extract<CaseName, 'small' | 'tokens'>;

/** Two processes of the same code differ by a tenth for their whole lives, so no single pair of them counts. */
const generations = 8;
const rounds = 4;
const roundMs = 500;
const loads = ['small', 'tokens'] as const;
const warmUpAnswers: Readonly<Record<Load, number>> = { small: 8000, tokens: 500 };
const costOf = { small: cpuPerAnswer, tokens: cpuPerToken } as const;
const ratioMax = 1.1;
/** Of a gateway that traces every request, against the one with log and metrics alone. */
const tracedRatioMax = 1.25;
/** A gateway that dropped its spans would look cheap. */
const toldShareMin = 0.9;

type Servers = Readonly<Record<Variant, Server>>;
/** Of one load: what a request or token cost in each round, the same place in all lists being the same round. */
type Costs = Readonly<Record<Variant, number[]>>;

const rig = await startRig(undefined);
const collector = await startCountingCollector();
let isWithinBounds = true;
try {
  for (const note of rig.notes) console.log(note);
  console.log(await scrape(200, 50));
  for (const name of ['passthrough', 'translated'] as const) {
    const before = collector.requests();
    const costs: Readonly<Record<Load, Costs>> = { small: noCosts(), tokens: noCosts() };
    let answers = 0;
    for (let generation = 0; generation < generations; generation += 1) {
      const order = generation % 2 === 0 ? variants : variants.toReversed();
      const servers = await startServers(name, order);
      for (const load of loads) answers += await measure(load, servers, costs[load]);
      await Promise.all(Object.values(servers).map((server: Server) => server.stop()));
    }
    for (const load of loads) if (!tell(name, load, costs[load])) isWithinBounds = false;
    const share = (collector.requests() - before) / answers;
    console.log(`${name}: the collector was told of ${(100 * share).toFixed(0)} % of the answered requests`);
    if (share < toldShareMin) isWithinBounds = false;
  }
} finally {
  collector.close();
  await rig.stop();
}
process.exitCode = isWithinBounds ? 0 : 1;

async function startServers(name: 'passthrough' | 'translated', order: readonly Variant[]): Promise<Servers> {
  const started: Partial<Record<Variant, Server>> = {};
  for (const variant of order) {
    // A file before the usual one takes its place.
    const instead = [join(import.meta.dirname, 'variant-gateway.ts'), variant, collector.url];
    started[variant] = await rig.startServer(name, 'openai-chat', instead);
  }
  const { told, untold, traced } = started;
  if (told === undefined || untold === undefined || traced === undefined) throw new Error('A variant is missing.');
  return { told, untold, traced };
}

/**
 * Rounds to and fro, so that a busy moment of the machine meets all of them. Returns how many requests were answered
 * that should be traced.
 */
async function measure(load: Load, servers: Servers, costs: Costs): Promise<number> {
  for (const variant of variants) await rig.warmUp(load, servers[variant], warmUpAnswers[load]);
  let tracedAnswers = warmUpAnswers[load];
  for (let round = 0; round < rounds; round += 1) {
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      const result = await rig.measure(load, servers[variant], roundMs);
      costs[variant].push(costOf[load](result));
      if (variant === 'traced') tracedAnswers += result.answers;
    }
  }
  return tracedAnswers;
}

/** Says what was measured, and returns whether it is within the bounds. Neighbours in time are compared. */
function tell(name: string, load: Load, costs: Costs): boolean {
  const unit = load === 'small' ? 'request' : 'token';
  const ratios = (one: Variant, other: Variant) =>
    spreadOf(costs[one].map((cost, round) => cost / (costs[other][round] ?? Number.NaN)));
  const costText = (variant: Variant) => `${formatSpread(spreadOf(costs[variant]), 2)} µs`;
  const ofTold = ratios('told', 'untold');
  const ofTraced = ratios('traced', 'told');
  console.log(
    `${name}: CPU per ${unit}: ${costText('told')} with log and metrics, ${costText('untold')} without: ${verdict(ofTold, ratioMax)}`,
  );
  console.log(
    `${name}: CPU per ${unit}: ${costText('traced')} with every request traced as well: ${verdict(ofTraced, tracedRatioMax)}`,
  );
  return ofTold.median <= ratioMax && ofTraced.median <= tracedRatioMax;
}

function verdict(ratio: Spread, max: number): string {
  return `${formatSpread(ratio, 3)}, ${ratio.median <= max ? 'within' : 'ABOVE'} ${max.toFixed(2)}`;
}

function noCosts(): Costs {
  return { told: [], untold: [], traced: [] };
}

/** How long a scrape takes and how large it is when every tenant has used every model. */
async function scrape(tenants: number, models: number): Promise<string> {
  const metrics = createMetrics();
  for (let at = 0; at < tenants * models; at += 1) {
    const names = { tenant: `tenant-${at % tenants}`, model: `claude-model-${Math.floor(at / tenants)}` };
    const frame = {
      endpoint: 'messages',
      dialect: 'anthropic',
      provider: 'anthropic',
      stream: true,
      isModelKnown: true,
    };
    const meters = metrics.requestsOf({ ...frame, ...names });
    meters.finished('200', 'ok', 1);
    meters.tokens('reported', { input: 1, output: 1, cache_read: 1, cache_write: 1, reasoning: 1 });
    meters.cost('list', 1);
  }
  const times: number[] = [];
  let size = 0;
  for (let round = 0; round < 10; round += 1) {
    const startMs = performance.now();
    size = Buffer.byteLength((await metrics.expose()).text);
    times.push(performance.now() - startMs);
  }
  const megabytes = (size / 1024 / 1024).toFixed(1);
  return `a scrape of ${tenants} tenants × ${models} models: ${megabytes} MB in ${spreadOf(times).median.toFixed(0)} ms`;
}
