import { readFileSync } from 'node:fs';
import { makeCertificates, startRedisCluster, startRedisSentinels, startTlsRedis } from '@ccg/testkit';
import type { SuiteRedis } from '@ccg/testkit';
import type { TestProject } from 'vitest/node';

interface Topology extends Pick<SuiteRedis, 'url' | 'target' | 'servers'> {
  stop(): Promise<void>;
}

/** One Redis for all files of a project, as what the project's name says; provided like `redis.ts` provides it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const start = starts.get(project.name);
  if (start === undefined) throw new Error(`There is no topology named ${project.name}.`);
  const { url, target, servers, stop } = await start();
  const topology = JSON.stringify({ target, servers });
  project.config.env = { ...project.config.env, TEST_REDIS_URL: url, TEST_REDIS_TOPOLOGY: topology };
  return stop;
}

const starts: ReadonlyMap<string, () => Promise<Topology>> = new Map([
  ['cluster', cluster],
  ['sentinels', sentinels],
  ['tls', tls],
]);

async function cluster(): Promise<Topology> {
  const { nodes, stop } = await startRedisCluster();
  const urls = nodes.map(({ url }) => url);
  return { url: urls[0] ?? '', target: { clusterNodes: urls }, servers: urls.map(hostOf), stop };
}

async function sentinels(): Promise<Topology> {
  const { urls, primaryName, servers, stop } = await startRedisSentinels();
  const target = { sentinels: { urls, name: primaryName } };
  return { url: servers[0]?.url ?? '', target, servers: servers.map(({ url }) => hostOf(url)), stop };
}

async function tls(): Promise<Topology> {
  const certificates = makeCertificates();
  const server = await startTlsRedis(certificates);
  const { ca, client } = certificates;
  const [authority, cert, key] = [ca, client.cert, client.key].map((path) => readFileSync(path, 'utf8'));
  const url = server.url.replace('redis:', 'rediss:');
  return {
    url,
    target: { url, tls: { ca: authority, cert, key } },
    servers: [],
    async stop() {
      await server.stop();
      certificates.remove();
    },
  };
}

function hostOf(url: string): string {
  return new URL(url).host;
}
