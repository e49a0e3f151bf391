import { join } from 'node:path';
import { createMetrics } from '@ccg/telemetry';
import type { CaseName } from '../cases.ts';
import type { JobResult } from '../load/messages.ts';
import { startRig } from '../rig.ts';
import type { Server } from '../rig.ts';
import { startCountingCollector } from './collector.ts';

// What log, metrics and traces cost: the gateway with log and metrics, without them, and with every request traced as
// well, side by side; and a scrape of a large installation.

type Load = Extract<CaseName, 'small' | 'tokens'>;

const rounds = 12;
const roundMs = 1000;
const warmUpAnswers: Readonly<Record<Load, number>> = { small: 8000, tokens: 500 };
const ratioMax = 1.1;
/** Of a gateway that traces every request, against the one with log and metrics alone. */
const tracedRatioMax = 1.25;
/** A gateway that dropped its spans would look cheap. */
const toldShareMin = 0.9;

interface Servers {
  readonly told: Server;
  readonly untold: Server;
  readonly traced: Server;
}

const rig = await startRig(undefined);
const collector = await startCountingCollector();
let isWithinBounds = true;
try {
  for (const note of rig.notes) console.log(note);
  console.log(await scrape(200, 50));
  for (const name of ['passthrough', 'translated'] as const) {
    // A file before the usual one takes its place.
    const instead = async (file: string, ...args: readonly string[]) =>
      await rig.startServer(name, 'openai-chat', [join(import.meta.dirname, file), ...args]);
    const servers: Servers = {
      told: await rig.startServer(name, 'openai-chat'),
      untold: await instead('untold-gateway.ts'),
      traced: await instead('traced-gateway.ts', collector.url),
    };
    const before = collector.requests();
    let answers = 0;
    for (const load of ['small', 'tokens'] as const) {
      const compared = await compare(name, load, servers);
      if (!compared.isWithinBounds) isWithinBounds = false;
      answers += compared.tracedAnswers;
    }
    await Promise.all(Object.values(servers).map((server: Server) => server.stop()));
    const share = (collector.requests() - before) / answers;
    console.log(`${name}: the collector was told of ${(100 * share).toFixed(0)} % of the answered requests`);
    if (share < toldShareMin) isWithinBounds = false;
  }
} finally {
  collector.close();
  await rig.stop();
}
process.exitCode = isWithinBounds ? 0 : 1;

/** Rounds to and fro, so that a busy moment of the machine meets all of them; the median of neighbours counts. */
async function compare(name: string, load: Load, servers: Servers) {
  for (const server of Object.values(servers)) await rig.warmUp(load, server, warmUpAnswers[load]);
  const costs: Readonly<Record<keyof Servers, number[]>> = { told: [], untold: [], traced: [] };
  let tracedAnswers = warmUpAnswers[load];
  const order = ['untold', 'told', 'traced'] as const;
  for (let round = 0; round < rounds; round += 1) {
    for (const which of round % 2 === 0 ? order : order.toReversed()) {
      const result = await rig.measure(load, servers[which], roundMs);
      costs[which].push(costOf(result, load));
      if (which === 'traced') tracedAnswers += result.answers;
    }
  }
  const unit = load === 'small' ? 'request' : 'token';
  const ratio = (one: keyof Servers, other: keyof Servers) =>
    median(costs[one].map((cost, round) => cost / (costs[other][round] ?? Number.NaN)));
  const tell = (which: keyof Servers) => `${median(costs[which]).toFixed(2)} µs`;
  const [ofTold, ofTraced] = [ratio('told', 'untold'), ratio('traced', 'told')];
  console.log(
    `${name}: CPU per ${unit}: ${tell('told')} with log and metrics, ${tell('untold')} without: ${verdict(ofTold, ratioMax)}`,
  );
  console.log(
    `${name}: CPU per ${unit}: ${tell('traced')} with every request traced as well: ${verdict(ofTraced, tracedRatioMax)}`,
  );
  return { isWithinBounds: ofTold <= ratioMax && ofTraced <= tracedRatioMax, tracedAnswers };
}

function verdict(ratio: number, max: number): string {
  return `${ratio.toFixed(3)}, ${ratio <= max ? 'within' : 'ABOVE'} ${max.toFixed(2)}`;
}

function costOf({ cpuMicroseconds, answers, tokens }: JobResult, load: Load): number {
  return cpuMicroseconds / (load === 'small' ? answers : tokens);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
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
  return `a scrape of ${tenants} tenants × ${models} models: ${megabytes} MB in ${median(times).toFixed(0)} ms`;
}
