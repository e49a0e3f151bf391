import { randomInt } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  anthropicFrames,
  anthropicSseHead,
  createGate,
  debianProgram,
  requireRedisBinary,
  say,
  startGateway,
  startProcess,
  startRedisProcess,
  waitFor,
  write,
} from '@ccg/testkit';
import type { GatewayProcess, RecordedRequest, Script } from '@ccg/testkit';

import { startSuite } from '../acceptance/support/start-suite.ts';

/** Two gateways behind HAProxy, which finds out by `/readyz` which of them takes requests. */
export interface Rig {
  /** The base URL for clients. */
  readonly url: string;
  readonly apiKey: string;
  readonly replicas: readonly Replica[];
  /** Ends the answers to all requests of `heldTokens` that are open now. */
  endHeldAnswers(): void;
  close(): Promise<void>;
}

interface Replica {
  readonly name: string;
  /** Ends the running process and starts another on the same ports. Gives the seconds of the drain, and how it ended. */
  replace(
    meanwhile?: () => Promise<void>,
  ): Promise<{ readonly drainSeconds: number; readonly exitCode: number | null }>;
}

/** A request that asks for so many tokens gets its answer at once, or half of it now and the rest when it is told. */
export const promptTokens = 64;
export const heldTokens = 65;

/** How often the balancer looks at a gateway; three times in vain, and it sends nothing more there. */
const checkIntervalMs = 500;
/** A gateway takes requests until every balancer has noticed. */
const drain = { DRAIN_DELAY_MS: String(10 * checkIntervalMs), DRAIN_TIMEOUT_MS: '120000' };

export async function startRig(): Promise<Rig> {
  await using opened = new AsyncDisposableStack();
  const redis = await startRedisProcess({ binary: requireRedisBinary() });
  opened.defer(() => redis.stop());
  process.env['TEST_REDIS_URL'] = redis.url;
  const ports = { first: portPair(), second: portPair() };
  const suite = await startSuite('rollout', { PREFERRED_PROVIDER: 'anthropic', ...drain, ...ports.first });
  opened.defer(() => suite.close());
  let rest = createGate();
  suite.upstream.play((request) => answerTo(request, rest.opened));
  const replicas: Record<'first' | 'second', { gateway: GatewayProcess; env: Readonly<Record<string, string>> }> = {
    first: { gateway: suite.gateway, env: suite.env },
    second: { gateway: await startGateway({ ...suite.env, ...ports.second }), env: { ...suite.env, ...ports.second } },
  };
  opened.defer(() => Promise.all(Object.values(replicas).map(({ gateway }) => gateway.stop())).then(() => {}));
  const balancer = await startBalancer(ports);
  opened.defer(balancer.stop);
  const resources = opened.move();
  return {
    url: balancer.url,
    apiKey: suite.apiKey,
    replicas: (['first', 'second'] as const).map((name) => ({
      name,
      async replace(meanwhile = async () => {}) {
        const replica = replicas[name];
        const drained = await drainOf(replica.gateway, meanwhile);
        await replica.gateway.stop();
        replicas[name] = { ...replica, gateway: await startGateway(replica.env) };
        await balancer.untilUp(name);
        return drained;
      },
    })),
    endHeldAnswers() {
      rest.open();
      rest = createGate();
    },
    close: () => resources.disposeAsync(),
  };
}

async function drainOf(gateway: GatewayProcess, meanwhile: () => Promise<void>) {
  const startedAt = performance.now();
  gateway.signal('SIGTERM');
  await meanwhile();
  const { code } = await gateway.exited;
  return { drainSeconds: (performance.now() - startedAt) / 1000, exitCode: code };
}

function portPair(): { readonly PORT: string; readonly OPS_PORT: string } {
  // Below the ports that the system gives away: a gateway that is being replaced keeps its own.
  const port = randomInt(20_000, 31_999);
  return { PORT: String(port), OPS_PORT: String(port + 1) };
}

function answerTo(request: RecordedRequest, rest: Promise<unknown>): Script {
  const body = request.json();
  const isHeld = typeof body === 'object' && body !== null && 'max_tokens' in body && body.max_tokens === heldTokens;
  const frames = anthropicFrames({ content: [say('The rest of the stream.')] }, 'claude-opus-5-5').map(write);
  const [begun, others] = [frames.slice(0, 4), frames.slice(4)];
  return [...anthropicSseHead(), ...begun, ...(isHeld ? [waitFor(rest)] : []), ...others];
}

interface Balancer {
  readonly url: string;
  /** Resolves when a server gets requests. */
  untilUp(this: void, server: string): Promise<void>;
  stop(this: void): Promise<void>;
}

type Ports = Readonly<Record<'first' | 'second', { readonly PORT: string; readonly OPS_PORT: string }>>;

async function startBalancer({ first, second }: Ports): Promise<Balancer> {
  const program = debianProgram({ names: ['haproxy'], package: 'haproxy' });
  if (program === undefined) throw new Error('The rollout needs HAProxy: apt-get install haproxy.');
  const folder = await mkdtemp(join(tmpdir(), 'ccg-haproxy-'));
  const socket = join(folder, 'stats.sock');
  const port = randomInt(20_000, 32_000);
  // No retries: what a gateway refuses or cuts shows as a failure.
  const config = `
global
  stats socket ${socket}
  maxconn 8000
defaults
  mode http
  retries 0
  timeout connect 5s
  timeout check 5s
  timeout client 1h
  timeout server 1h
frontend clients
  bind 127.0.0.1:${port}
  default_backend gateways
backend gateways
  balance leastconn
  option httpchk GET /readyz
  default-server check inter ${checkIntervalMs}ms fall 3 rise 1
  server first 127.0.0.1:${first.PORT} port ${first.OPS_PORT}
  server second 127.0.0.1:${second.PORT} port ${second.OPS_PORT}
`;
  await writeFile(join(folder, 'haproxy.cfg'), config);
  const child = startProcess({ command: program, args: ['-db', '-f', 'haproxy.cfg'], cwd: folder, env: {} });
  const failed = child.exited.then(() => {
    throw new Error(`HAProxy did not start.\n${child.stderr()}`);
  });
  failed.catch(() => {});
  const untilUp = async (server: string): Promise<void> => {
    while (!(await isUp(socket, server))) await sleep(50);
  };
  await Promise.race([failed, Promise.all([untilUp('first'), untilUp('second')])]);
  return {
    url: `http://127.0.0.1:${port}`,
    untilUp,
    async stop() {
      child.killGroup();
      await child.exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function isUp(socketPath: string, server: string): Promise<boolean> {
  const socket = connect(socketPath);
  socket.end('show stat\n');
  const table = await text(socket).catch(() => '');
  // The first check has not been made while it is UP and its check still INI.
  return table.split('\n').some((line) => line.startsWith(`gateways,${server},`) && /,UP,.*,L7OK,/u.test(line));
}

export async function sleep(durationMs: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });
}
