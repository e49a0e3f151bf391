import { startRedisCluster, startWorker } from '@ccg/testkit';
import type { RedisCluster } from '@ccg/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRunBatchesRig, outcomeOf } from '../support/run-batches-rig.ts';
import type { RunBatchesRig } from '../support/run-batches-rig.ts';

let cluster: RedisCluster;
let rig: RunBatchesRig;

beforeAll(async () => {
  cluster = await startRedisCluster();
  const clusterNodes = cluster.nodes.map(({ url }) => url);
  const env = { REDIS_CLUSTER_NODES: clusterNodes.join(',') };
  rig = await openRunBatchesRig({ target: { clusterNodes }, keyPrefix: 'test:', env });
}, 60_000);
afterAll(async () => {
  await rig.close();
  await cluster.stop();
});

test('a worker runs the batches of several tenants on a Redis Cluster, whatever nodes they are on', async () => {
  const owners = await Promise.all(Array.from({ length: 6 }, () => rig.owner()));
  const prompts = Array.from({ length: 5 }, (_, index) => `n${index}`);
  const places = await Promise.all(owners.map((owner) => rig.create(owner, prompts)));
  const worker = await startWorker(rig.env);
  try {
    for (const place of places) {
      expect((await rig.results(place)).map(outcomeOf)).toEqual(prompts.map((prompt) => `re: ${prompt}`));
    }
    expect(rig.upstream.requests.length).toBe(30);
    worker.signal('SIGTERM');
    expect(await worker.exited).toEqual({ code: 0, signal: null });
  } finally {
    await worker.stop();
  }
}, 120_000);
