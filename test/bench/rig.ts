import { randomBytes } from 'node:crypto';
import { startTestRedis } from '@ccg/testkit';
import { cases, expectation } from './cases.ts';
import type { CaseName, ManyStreams } from './cases.ts';
import { claimCores } from './cores.ts';
import type { Job, JobResult, UpstreamMode } from './messages.ts';
import { httpRequest } from './request.ts';
import type { ServerProcess } from './server-process.ts';
import { createApiKey, startTarget } from './targets.ts';
import type { ServerName } from './targets.ts';
import { startWorker } from './worker.ts';

/** Everything that a measurement needs besides the process under test. */
export interface Rig {
  /** How the processes are pinned. */
  readonly note: string;
  startTarget(name: ServerName, nodeOptions?: readonly string[]): Promise<ServerProcess>;
  /** One round of a case on a server; undefined is the upstream itself. Throws when an answer was not complete. */
  measure(name: CaseName, server: ServerProcess | undefined, durationMs: number): Promise<JobResult>;
  /** Many streams on a server, for the time after all of them have begun. */
  measureStreams(streams: ManyStreams, server: ServerProcess, durationMs: number): Promise<JobResult>;
  stop(): Promise<void>;
}

/** How long all streams run before anything is measured. */
const settleMs = 1000;
/** How long they could run on: a process that has just started takes longer than the ramp to begin them all. */
const spareMs = 5000;

export async function startRig(): Promise<Rig> {
  const cores = claimCores();
  const redis = await startTestRedis(process.env);
  const upstream = startWorker<UpstreamMode, { readonly port: number }>('upstream.ts', cores.rest);
  const generator = startWorker<Job, JobResult>('generator.ts', cores.rest);
  const { port: upstreamPort } = await upstream.next();
  const pepper = randomBytes(32).toString('hex');
  const apiKey = await createApiKey(redis.url, pepper);
  const settings = { redisUrl: redis.url, upstreamPort, pepper, cores: cores.underTest };

  async function run(
    mode: UpstreamMode,
    load: Pick<Job, 'connections' | 'load' | 'request'>,
    server: ServerProcess | undefined,
  ): Promise<JobResult> {
    await upstream.ask(mode);
    const port = server?.port ?? upstreamPort;
    const job: Job = { port, pid: server?.pid, upstreamPid: upstream.pid, expect: expectation(mode), ...load };
    const result = await generator.ask(job);
    const faults = Object.entries(result.faults);
    if (faults.length === 0 && result.answers + result.tokens > 0) return result;
    throw new Error(`Answers were not complete:\n${faults.map(([fault, count]) => `${count} × ${fault}`).join('\n')}`);
  }

  return {
    note: cores.note,
    startTarget: (name, nodeOptions) => startTarget(name, settings, nodeOptions),
    measure(name, server, durationMs) {
      const { body, upstream: mode, connections } = cases[name];
      const request = httpRequest(body, mode.kind !== 'json', apiKey);
      return run(mode, { connections, request, load: { kind: 'closed-loop', durationMs } }, server);
    },
    measureStreams({ body, count, tokensPerSecond, rampMs }, server, durationMs) {
      const lifeMs = rampMs + durationMs + settleMs + spareMs;
      const tokens = Math.round((lifeMs / 1000) * tokensPerSecond);
      const mode = { kind: 'slow', tokens, intervalMs: 1000 / tokensPerSecond } as const;
      const load = { kind: 'once', rampMs, settleMs, durationMs } as const;
      return run(mode, { connections: count, request: httpRequest(body, true, apiKey), load }, server);
    },
    async stop() {
      generator.stop();
      upstream.stop();
      await redis.stop();
    },
  };
}
