import type { ServerReport } from '@ccg/store';
import { expect, test } from 'vitest';
import { judgeServers } from './describe-redis.ts';

const redis = { url: 'redis://h' };

function judge(changes: Partial<ServerReport>, target: Parameters<typeof judgeServers>[1] = redis) {
  const good = { version: '7.0.15', maxmemoryPolicy: 'noeviction', hasAppendOnlyFile: true, isClusterNode: false };
  return judgeServers([{ address: 'h:6379', ...good, ...changes }], target);
}

test.each([
  {},
  { version: '6.2.0' },
  { version: '10.0.1' },
  // A user that may not ask, or a server that does not say.
  { version: undefined, maxmemoryPolicy: undefined, hasAppendOnlyFile: undefined, isClusterNode: undefined },
])('a server with nothing against it is taken in silence: %o', (changes) => {
  expect(judge(changes)).toEqual({ problems: [], warnings: [] });
});

test.each(['5.0.14', '6.0.16'])('version %s is refused with the command that mends it', (version) => {
  expect(judge({ version }).problems).toEqual([
    `Redis at h:6379 is version ${version}, and 6.2 or newer is needed. Upgrade it: apt-get install redis-server`,
  ]);
});

test.each(['allkeys-lru', 'volatile-ttl'])('the policy %s is refused with the command that mends it', (policy) => {
  expect(judge({ maxmemoryPolicy: policy }).problems).toEqual([
    `Redis at h:6379 deletes API keys and limits when its memory is full (maxmemory-policy is ${policy}). ` +
      'Change it there with: CONFIG SET maxmemory-policy noeviction ' +
      '(and write maxmemory-policy noeviction into its redis.conf, for its next start)',
  ]);
});

test('a server without an append-only file is only warned of', () => {
  expect(judge({ hasAppendOnlyFile: false })).toEqual({
    problems: [],
    warnings: [
      'Redis at h:6379 has no append-only file: when it ends, API keys and all that was written since its last snapshot are lost. ' +
        'Change it there with: CONFIG SET appendonly yes (and write appendonly yes into its redis.conf, for its next start)',
    ],
  });
});

test('a node of a cluster is refused where a single server is named, and is taken among the nodes', () => {
  const node = { isClusterNode: true };
  expect(judge(node).problems).toEqual([
    'Redis at h:6379 is a node of a cluster. Name its nodes in REDIS_CLUSTER_NODES instead of REDIS_URL.',
  ]);
  expect(judge(node, { clusterNodes: ['redis://h'] }).problems).toEqual([]);
});
