import { join } from 'node:path';
import { createMetrics } from '@ccg/telemetry';
import type { CaseName } from '../cases.ts';
import type { JobResult } from '../load/messages.ts';
import { startRig } from '../rig.ts';
import type { Server } from '../rig.ts';

// What log and metrics cost: the gateway with both beside the same one without, and a scrape of a large installation.

const rounds = 12;
const roundMs = 1000;
const warmUpAnswers = 8000;
const ratioMax = 1.1;

const rig = await startRig(undefined);
let isWithinBounds = true;
try {
  for (const note of rig.notes) console.log(note);
  console.log(await scrape(200, 50));
  for (const name of ['passthrough', 'translated'] as const) {
    const told = await rig.startServer(name, 'openai-chat');
    // A file before the usual one takes its place.
    const untold = await rig.startServer(name, 'openai-chat', [join(import.meta.dirname, 'untold-gateway.ts')]);
    for (const load of ['small', 'tokens'] as const) {
      if (!(await compare(name, load, told, untold))) isWithinBounds = false;
    }
    await Promise.all([told.stop(), untold.stop()]);
  }
} finally {
  await rig.stop();
}
process.exitCode = isWithinBounds ? 0 : 1;

/** Rounds to and fro, so that a busy moment of the machine meets both; the median of neighbours counts. */
async function compare(name: string, load: Extract<CaseName, 'small' | 'tokens'>, told: Server, untold: Server) {
  for (const server of [told, untold]) await rig.warmUp(load, server, load === 'small' ? warmUpAnswers : 500);
  const costs: (readonly [told: number, untold: number])[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const measure = async (server: Server) => costOf(await rig.measure(load, server, roundMs), load);
    const first = await measure(round % 2 === 0 ? told : untold);
    const second = await measure(round % 2 === 0 ? untold : told);
    costs.push(round % 2 === 0 ? [first, second] : [second, first]);
  }
  const ratio = median(costs.map(([one, other]) => one / other));
  const [on, off] = [median(costs.map(([cost]) => cost)), median(costs.map(([, cost]) => cost))];
  const unit = load === 'small' ? 'request' : 'token';
  const verdict = ratio <= ratioMax ? 'within' : 'ABOVE';
  console.log(
    `${name}: ${on.toFixed(2)} µs CPU per ${unit} with log and metrics, ${off.toFixed(2)} without: ` +
      `${ratio.toFixed(3)}, ${verdict} ${ratioMax.toFixed(2)}`,
  );
  return ratio <= ratioMax;
}

function costOf({ cpuMicroseconds, answers, tokens }: JobResult, load: 'small' | 'tokens'): number {
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
