import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startTestRedis } from '@ccg/testkit';
import { repositoryRoot } from '../gates/repository-root.ts';
import { cases, expectation, warmUpConnections } from './cases.ts';
import type { CaseName, ManyStreams } from './cases.ts';
import type { Job, JobResult, UpstreamMode } from './load/messages.ts';
import { startWorker } from './load/worker.ts';
import { httpRequest } from './payload/bodies.ts';
import type { BodySize } from './payload/bodies.ts';
import { dialectForms } from './payload/dialects.ts';
import type { BenchDialect, TranslatedDialect } from './payload/dialects.ts';
import { checkOut } from './servers/checkout.ts';
import type { Checkout } from './servers/checkout.ts';
import { claimCores } from './servers/machine.ts';
import type { ServerProcess } from './servers/server-process.ts';
import { gatewayWithoutAdmission, prepareBuild, startGatewayOf, startPipe } from './servers/targets.ts';
import type { Build, ServerName, ServerSettings } from './servers/targets.ts';

/** A server under test, and the API key that it takes. */
export interface Server extends ServerProcess {
  readonly apiKey: string;
  /** Whether it answers as the upstream does, whatever the upstream speaks. */
  readonly relays: boolean;
}

/** Everything that a measurement needs besides the process under test. */
export interface Rig {
  /** What a reader of the figures must know: how the processes are pinned, and what is compared with. */
  readonly notes: readonly string[];
  /** `dialect` is what the upstream of a translating gateway speaks. */
  startServer(name: ServerName, dialect: TranslatedDialect, nodeOptions?: readonly string[]): Promise<Server>;
  /** So many answers of a case, before anything is measured. */
  warmUp(name: CaseName, server: Server, answers: number): Promise<void>;
  /** One round of a case on a server; undefined is the upstream itself. Throws when an answer was not complete. */
  measure(name: CaseName, server: Server | undefined, durationMs: number): Promise<JobResult>;
  /** Many streams on a server, for the time after all of them have begun. */
  measureStreams(streams: ManyStreams, server: Server, durationMs: number): Promise<JobResult>;
  stop(): Promise<void>;
}

/** How long all streams run before anything is measured. */
const settleMs = 1000;
/** How long they could run on: a process that has just started takes longer than the ramp to begin them all. */
const spareMs = 5000;

/** Starts upstream, generator and Redis; `against` is another commit to compare with. */
export async function startRig(against: string | undefined): Promise<Rig> {
  const cores = claimCores();
  const checkout = against === undefined ? undefined : checkOut(against);
  const redis = await startTestRedis(process.env);
  const upstream = startWorker<UpstreamMode, { readonly port: number }>('servers/upstream.ts', cores.rest);
  const generator = startWorker<Job, JobResult>('load/generator.ts', cores.rest);
  const { port: upstreamPort } = await upstream.next();
  const pepper = randomBytes(32).toString('hex');
  const settings = { redisUrl: redis.url, upstreamPort, pepper, cores: cores.underTest };
  const startServer = await prepareServers(settings, checkout);

  async function run(
    mode: UpstreamMode,
    load: Pick<Job, 'connections' | 'load'> & { readonly body: BodySize; readonly relayed: BenchDialect },
    server: Server | undefined,
  ): Promise<JobResult> {
    const { body, relayed, ...rest } = load;
    const dialect = server === undefined || server.relays ? relayed : 'anthropic';
    const isStream = mode.kind !== 'json';
    const request = httpRequest(body, isStream, server?.apiKey ?? 'none', dialectForms[dialect].path(isStream));
    await upstream.ask(mode);
    const port = server?.port ?? upstreamPort;
    const expect = expectation(mode, dialect);
    const job: Job = { port, pid: server?.pid, upstreamPid: upstream.pid, expect, request, ...rest };
    const result = await generator.ask(job);
    const faults = Object.entries(result.faults).map(([fault, count]) => `${count} × ${fault}`);
    if (faults.length > 0) throw new Error(`answers were not complete: ${faults.join(', ')}`);
    if (result.answers + result.tokens === 0) throw new Error('no answer came in time');
    return result;
  }

  async function runCase(
    name: CaseName,
    server: Server | undefined,
    connections: number,
    load: Job['load'],
  ): Promise<JobResult> {
    const { body, relayed, upstream: mode } = cases[name];
    return run(mode, { body, relayed, connections, load }, server);
  }

  return {
    notes: [cores.note, ...(checkout === undefined ? [] : [`“before” is ${checkout.commit}`])],
    startServer,
    async warmUp(name, server, count) {
      const connections = Math.max(cases[name].connections, warmUpConnections);
      await runCase(name, server, connections, { kind: 'answers', count });
    },
    measure: (name, server, durationMs) =>
      runCase(name, server, cases[name].connections, { kind: 'closed-loop', durationMs }),
    measureStreams({ body, count, tokensPerSecond, rampMs }, server, durationMs) {
      const lifeMs = rampMs + durationMs + settleMs + spareMs;
      const tokens = Math.round((lifeMs / 1000) * tokensPerSecond);
      const mode = { kind: 'slow', tokens, intervalMs: 1000 / tokensPerSecond } as const;
      const load = { kind: 'once', rampMs, settleMs, durationMs } as const;
      return run(mode, { body, relayed: 'anthropic', connections: count, load }, server);
    },
    async stop() {
      generator.stop();
      upstream.stop();
      await redis.stop();
      checkout?.remove();
    },
  };
}

/** Makes an API key for each tree, and gives what starts a server by its name. */
async function prepareServers(settings: ServerSettings, checkout: Checkout | undefined): Promise<Rig['startServer']> {
  const current = await prepareBuild(repositoryRoot, 'bench:', settings);
  const before = checkout === undefined ? undefined : await prepareBuild(checkout.root, 'bench-before:', settings);
  const startGateway = async (
    build: Build | undefined,
    dialect: BenchDialect,
    nodeOptions: readonly string[],
  ): Promise<Server> => {
    if (build === undefined) throw new Error('There is no commit to compare with.');
    return { ...(await startGatewayOf(build, dialect, settings, nodeOptions)), apiKey: build.apiKey, relays: false };
  };
  return async (name, dialect, nodeOptions = []) => {
    switch (name) {
      case 'pipe':
        return { ...(await startPipe(settings, nodeOptions)), apiKey: 'none', relays: true };
      case 'passthrough':
        return startGateway(current, 'anthropic', nodeOptions);
      case 'translated':
        return startGateway(current, dialect, nodeOptions);
      case gatewayWithoutAdmission: {
        const before = join(import.meta.dirname, 'servers/without-admission.ts');
        return startGateway(current, dialect, ['--import', before, ...nodeOptions]);
      }
      case 'passthrough before':
        return startGateway(before, 'anthropic', nodeOptions);
      case 'translated before':
        return startGateway(before, dialect, nodeOptions);
    }
  };
}
