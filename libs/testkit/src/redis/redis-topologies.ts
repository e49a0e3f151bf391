import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Certificates } from './certificates.ts';
import { requireRedisBinary } from './redis-binary.ts';
import { startOnFreePort, startRedisProcess } from './redis-process.ts';
import type { RedisProcess } from './redis-process.ts';

export interface RedisCluster {
  /** Each of them serves a third of the slots. */
  readonly nodes: readonly RedisProcess[];
  /** Runs `redis-cli` against the first node, and gives what it prints. */
  readonly cli: (...args: readonly string[]) => string;
  stop(): Promise<void>;
}

interface ClusterOptions {
  /** A node that nobody hears for this long is taken for dead by the others; 10 s unless given. */
  readonly nodeTimeoutMs?: number;
}

/** Starts three nodes and joins them to a cluster. */
export async function startRedisCluster(options: ClusterOptions = {}): Promise<RedisCluster> {
  const nodes = await Promise.all([1, 2, 3].map(() => startClusterNode(options)));
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  runCli('--cluster', 'create', ...addresses, '--cluster-yes');
  await untilWhole(nodes);
  return {
    nodes,
    cli: (...args) => runCli('-p', String(nodes[0]?.port), ...args),
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

/** The nodes learn one after the other that they are complete. */
async function untilWhole(nodes: readonly RedisProcess[]): Promise<void> {
  const isWhole = ({ port }: RedisProcess) =>
    runCli('-p', String(port), 'CLUSTER', 'INFO').includes('cluster_state:ok');
  await until(() => nodes.every(isWhole));
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

/** Starts a node that belongs to no cluster yet. */
export async function startClusterNode({ nodeTimeoutMs = 10_000 }: ClusterOptions = {}): Promise<RedisProcess> {
  return await startRedisProcess({
    binary: requireRedisBinary(),
    extraArgs: (port) =>
      Object.entries({
        'cluster-enabled': 'yes',
        'cluster-node-timeout': nodeTimeoutMs,
        'repl-diskless-sync-delay': 0,
        // Below the ports that the system gives away, where the usual one, 10000 above, is not.
        'cluster-port': port < 26_000 ? port + 6000 : port - 6000,
      }).flatMap(([name, value]) => [`--${name}`, String(value)]),
  });
}

export interface RedisSentinels {
  readonly urls: readonly string[];
  readonly primaryName: string;
  /** The primary at the start, then its replica. */
  readonly servers: readonly RedisProcess[];
  stop(): Promise<void>;
}

/** Starts a primary with a replica and three Sentinels, two of which decide on a failover within about two seconds. */
export async function startRedisSentinels(): Promise<RedisSentinels> {
  const binary = requireRedisBinary();
  const primaryName = 'gateway';
  const primary = await startRedisProcess({ binary });
  const replica = await startRedisProcess({ binary, extraArgs: ['--replicaof', `127.0.0.1 ${primary.port}`] });
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(binary, primaryName, primary.port)));
  // They find each other and the replica through the primary; before that a failover waits for its next turn.
  const knowsAll = ({ port }: { readonly port: number }) =>
    runCli('-p', String(port), 'INFO', 'sentinel').includes('slaves=1,sentinels=3');
  await until(() => sentinels.every(knowsAll));
  return {
    urls: sentinels.map(({ port }) => `redis://127.0.0.1:${port}`),
    primaryName,
    servers: [primary, replica],
    async stop() {
      await Promise.all(sentinels.map((sentinel) => sentinel.stop()));
      await Promise.all([replica.stop(), primary.stop()]);
    },
  };
}

async function startSentinel(binary: string, primaryName: string, primaryPort: number) {
  const folder = mkdtempSync(join(tmpdir(), 'ccg-sentinel-'));
  const file = join(folder, 'sentinel.conf');
  const settings = [
    `sentinel monitor ${primaryName} 127.0.0.1 ${primaryPort} 2`,
    `sentinel down-after-milliseconds ${primaryName} 1000`,
    `sentinel failover-timeout ${primaryName} 2000`,
  ];
  writeFileSync(file, `${settings.join('\n')}\n`);
  const { port, process } = await startOnFreePort({
    binary,
    folder,
    argsFor: (at) => [file, '--port', String(at), '--bind', '127.0.0.1', '--dir', folder, '--sentinel'],
    ready: /\+monitor master/u,
  });
  return {
    port,
    async stop() {
      process.killGroup();
      await process.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts a server that takes connections with TLS alone, and asks for a certificate of the same authority. */
export async function startTlsRedis({ ca, server }: Certificates): Promise<RedisProcess> {
  return await startRedisProcess({
    binary: requireRedisBinary(),
    extraArgs: (port) =>
      Object.entries({
        port: '0',
        'tls-port': String(port),
        'tls-cert-file': server.cert,
        'tls-key-file': server.key,
        'tls-ca-cert-file': ca,
        'tls-auth-clients': 'yes',
      }).flatMap(([name, value]) => [`--${name}`, value]),
  });
}

/** Runs `redis-cli`, which stands beside the server's binary, and gives what it prints. */
export function runCli(...args: readonly string[]): string {
  const cli = join(dirname(requireRedisBinary()), 'redis-cli');
  const { status, stdout, stderr } = spawnSync(cli, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`redis-cli ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}
