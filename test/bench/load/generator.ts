import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAnswerReader } from './answer-reader.ts';
import type { AnswerEvents, ReadAnswer } from './answer-reader.ts';
import type { Job, JobResult } from './messages.ts';
import { cpuMicroseconds, residentBytes } from '../servers/machine.ts';

// The client of the bench: runs one job after the other, over raw sockets.

/** One for all connections: it is read before the next one is filled. */
const readBuffer = Buffer.alloc(256 * 1024);
const patienceMs = 30_000;
/** Longer than any number of answers that is asked for takes. */
const answersMaxMs = 120_000;

process.on('message', (job: Job) => {
  void run(job).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit());

/** What a round counts, in its measured time alone. */
interface Tally {
  measuring: boolean;
  answers: number;
  tokens: number;
  readonly latencies: number[];
  readonly firstBytes: number[];
  readonly faults: Record<string, number>;
}

async function run(job: Job): Promise<JobResult> {
  const tally: Tally = { measuring: false, answers: 0, tokens: 0, latencies: [], firstBytes: [], faults: {} };
  let asking = true;
  const loops: Promise<void>[] = [];
  const sockets: Socket[] = [];
  const again = () => {
    switch (job.load.kind) {
      case 'closed-loop':
        return asking;
      case 'answers':
        return asking && tally.answers < job.load.count;
      case 'once':
        return false;
    }
  };
  const start = performance.now();
  for (let index = 0; index < job.connections; index += 1) {
    if (job.load.kind === 'once') await sleepUntil(start + (job.load.rampMs * index) / job.connections);
    const { socket, over } = openLoop(job, tally, again);
    sockets.push(socket);
    loops.push(over);
  }
  if (job.load.kind === 'once') await sleep(job.load.settleMs);
  const measured = await measure(
    job,
    tally,
    job.load.kind === 'answers' ? allAnswered(loops) : sleep(job.load.durationMs),
  );
  asking = false;
  const overdue = sleep(patienceMs).then(() => {
    tally.faults['no answer in time'] = 1;
  });
  await Promise.race([Promise.all(loops), overdue]);
  for (const socket of sockets) socket.destroy();
  return measured;
}

async function allAnswered(loops: readonly Promise<void>[]): Promise<void> {
  const tooLate = new AbortController();
  await Promise.race([Promise.all(loops), sleep(answersMaxMs, undefined, { signal: tooLate.signal }).catch(() => {})]);
  tooLate.abort();
}

/** Reads the clocks now and when what is to be measured is over. */
async function measure(job: Job, tally: Tally, over: Promise<unknown>): Promise<JobResult> {
  const { pid } = job;
  const read = () => ({
    now: Number(process.hrtime.bigint()) / 1000,
    cpu: pid === undefined ? Number.NaN : cpuMicroseconds(pid),
    busy: cpuMicroseconds(process.pid) + cpuMicroseconds(job.upstreamPid),
  });
  const before = read();
  tally.measuring = true;
  await over;
  tally.measuring = false;
  const after = read();
  const elapsed = after.now - before.now;
  return {
    durationMs: elapsed / 1000,
    answers: tally.answers,
    tokens: tally.tokens,
    latencyMs: median(tally.latencies),
    firstByteMs: median(tally.firstBytes),
    cpuMicroseconds: after.cpu - before.cpu,
    residentBytes: pid === undefined ? Number.NaN : residentBytes(pid),
    idle: 1 - (after.busy - before.busy) / elapsed,
    startedAtMicroseconds: before.now,
    endedAtMicroseconds: after.now,
    faults: tally.faults,
  };
}

/** One connection that asks, waits for the whole answer, and asks again while `again` says so. */
function openLoop(job: Job, tally: Tally, again: () => boolean): { socket: Socket; over: Promise<void> } {
  const over = Promise.withResolvers<void>();
  let askedAt = 0;
  let waiting = false;
  const ask = () => {
    askedAt = performance.now();
    waiting = true;
    socket.write(job.request);
  };
  const events: AnswerEvents = {
    onFirstBodyByte() {
      if (tally.measuring) tally.firstBytes.push(performance.now() - askedAt);
    },
    onTokens(count) {
      if (tally.measuring) tally.tokens += count;
    },
    onAnswer(answer) {
      waiting = false;
      const fault = faultOf(answer, job);
      if (fault !== undefined) tally.faults[fault] = (tally.faults[fault] ?? 0) + 1;
      if (tally.measuring) {
        tally.answers += 1;
        tally.latencies.push(performance.now() - askedAt);
      }
      if (again() && fault === undefined) ask();
      else over.resolve();
    },
  };
  const reader = createAnswerReader(events, job.expect.kind === 'stream' ? job.expect.tokenMarker : '');
  const onread = {
    buffer: readBuffer,
    callback(length: number) {
      reader.push(readBuffer, length);
      return true;
    },
  };
  const socket = connect({ host: '127.0.0.1', port: job.port, noDelay: true, onread });
  socket.on('connect', ask);
  socket.on('error', () => {});
  socket.on('close', () => {
    if (waiting) tally.faults['connection closed'] = (tally.faults['connection closed'] ?? 0) + 1;
    over.resolve();
  });
  return { socket, over: over.promise };
}

/** Why an answer is not complete, or undefined. */
function faultOf({ status, tokens, tail }: ReadAnswer, { expect }: Job): string | undefined {
  if (status !== 200) return `status ${status}: ${tail}`;
  if (expect.kind === 'json') return tail.includes(expect.mark) ? undefined : `not an answer: ${tail}`;
  if (tokens !== expect.tokens) return `${tokens} tokens instead of ${expect.tokens}`;
  return tail.trimEnd().endsWith(expect.end) ? undefined : `not the end: ${tail}`;
}

async function sleepUntil(time: number): Promise<void> {
  while (performance.now() < time) await sleep(1);
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}
