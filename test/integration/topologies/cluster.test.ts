import { randomUUID } from 'node:crypto';
import { createAdmission, wholeTenant } from '@ccg/admission';
import { systemClock } from '@ccg/kernel';
import { connectStore, createScript, findMissingPermissions, inspectServers, StoreUnavailableError } from '@ccg/store';
import type { Store, StoreOptions, StoreState } from '@ccg/store';
import { runCli, startClusterNode, startRedisCluster, startRedisProcess, requireRedisBinary } from '@ccg/testkit';
import type { RedisCluster, RedisProcess } from '@ccg/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { concurrency, rate } from '../support/admission-rig.ts';

const patienceMs = 20_000;
const keyPrefix = 'test:';
/** As short as a busy machine bears: a failover waits for it. */
const nodeTimeoutMs = 2000;

let cluster: RedisCluster;
const stores: Store[] = [];
const extra: RedisProcess[] = [];

beforeAll(async () => {
  cluster = await startRedisCluster({ nodeTimeoutMs });
});
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  await Promise.all(extra.splice(0).map((server) => server.stop()));
});
afterAll(async () => {
  await cluster.stop();
});

function open(options: Partial<StoreOptions> = {}): Store {
  const clusterNodes = cluster.nodes.map(({ url }) => url);
  const store = connectStore({ clusterNodes, keyPrefix, commandTimeoutMs: 2000, ...options });
  stores.push(store);
  return store;
}

async function openReady(options: Partial<StoreOptions> = {}): Promise<Store> {
  const store = open(options);
  await store.whenReady(patienceMs);
  return store;
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.fail('the call was answered'),
    (error: unknown) => error,
  );
}

/** Which of the nodes serves a redis key, and its slot. */
function ownerOf(redisKey: string): { readonly slot: string; readonly node: RedisProcess; readonly id: string } {
  const slot = cluster.cli('CLUSTER', 'KEYSLOT', redisKey).trim();
  const lines = cluster.cli('CLUSTER', 'NODES').trim().split('\n');
  const owner = lines.find((line) => rangesIn(line).some(([from, to]) => from <= Number(slot) && Number(slot) <= to));
  const port = /:(\d+)@/u.exec(owner ?? '')?.[1];
  const node = cluster.nodes.find((one) => String(one.port) === port);
  if (node === undefined) throw new Error(`No node has slot ${slot}.`);
  return { slot, node, id: owner?.split(' ', 1).join() ?? '' };
}

function rangesIn(line: string): readonly (readonly [number, number])[] {
  return line
    .split(' ')
    .slice(8)
    .filter((range) => !range.startsWith('['))
    .map((range) => {
      const [from = '', to = from] = range.split('-');
      return [Number(from), Number(to)] as const;
    });
}

/** A redis key of a tenant on each of the nodes. */
function keysOnAllNodes(store: Store): readonly string[] {
  const keyOf = new Map<RedisProcess, string>();
  while (keyOf.size < cluster.nodes.length) {
    const key = store.redisKeys.leases(randomUUID(), wholeTenant);
    keyOf.set(ownerOf(key).node, key);
  }
  return [...keyOf.values()];
}

const count = createScript("return redis.call('INCR', KEYS[1])");

test('every redis key is served by its node, whichever nodes are named, by scripts and by single commands', async () => {
  const [first] = cluster.nodes;
  const store = await openReady({ clusterNodes: [first?.url ?? ''] });
  for (const key of keysOnAllNodes(store)) {
    expect(await store.run(count, [key], [])).toBe(1);
    expect(await store.run(count, [key], [])).toBe(2);
    expect(await store.command('get', [key])).toBe('2');
  }
  expect(await store.command('ping', [])).toBe('PONG');
});

test('a message reaches the subscribers at every node', async () => {
  const listeners = await Promise.all([1, 2, 3, 4].map(() => openReady()));
  const received: string[] = [];
  const channel = `${keyPrefix}${randomUUID()}`;
  await Promise.all(
    listeners.map((listener, at) => listener.subscribe(channel, (message) => received.push(`${at}:${message}`)).active),
  );
  await listeners[0]?.command('publish', [channel, 'hello']);
  await expect
    .poll(() => received.toSorted(), { timeout: patienceMs })
    .toEqual([0, 1, 2, 3].map((at) => `${at}:hello`));
});

test('an admission is one command to one node', async () => {
  const store = await openReady();
  const admission = createAdmission({
    store,
    clock: systemClock,
    replica: randomUUID(),
    liveReplicas: () => 1,
    timeoutMs: 2000,
  });
  const hundred = { capacity: 100, refillPerSecond: 1 };
  const limits = [concurrency(100), rate({ ...hundred, subject: 'user:ada' }), rate(hundred)];
  const tenants = [1, 2, 3, 4, 5, 6].map(() => randomUUID());
  const admitAll = () =>
    Promise.all(
      tenants.map((tenant) =>
        admission.admit({ tenant, requestId: randomUUID(), limits, output: undefined, record: '' }),
      ),
    );
  // The first ones also bring the script to each node.
  await admitAll();
  const before = evaluations();
  expect((await admitAll()).map(({ kind }) => kind)).toEqual(tenants.map(() => 'admitted'));
  expect(evaluations() - before).toBe(tenants.length);
});

/** Calls of `evalsha` that all nodes have counted, refused ones too. */
function evaluations(): number {
  const counts = cluster.nodes.map(({ port }) => {
    const stats = runCli('-p', String(port), 'INFO', 'commandstats');
    const [, calls = '0', rejected = '0'] = /cmdstat_evalsha:calls=(\d+).*rejected_calls=(\d+)/u.exec(stats) ?? [];
    return Number(calls) + Number(rejected);
  });
  return counts.reduce((total, one) => total + one, 0);
}

test('the calls of one turn of the event loop leave in one write to each node', async () => {
  const store = await openReady();
  const keys = keysOnAllNodes(store);
  const calls = () =>
    Promise.all(Array.from({ length: 100 }, () => keys.map((key) => store.run(count, [key], []))).flat());
  await calls();
  const before = readsOfNodes();
  await calls();
  // Looking costs a read too, and other clients are there.
  expect(readsOfNodes() - before).toBeLessThan(100);
});

/** How often all nodes have read from a connection. */
function readsOfNodes(): number {
  const reads = cluster.nodes.map(({ port }) =>
    Number(/total_reads_processed:(\d+)/u.exec(runCli('-p', String(port), 'INFO', 'stats'))?.[1]),
  );
  return reads.reduce((total, one) => total + one, 0);
}

describe('a slot that moves to another node', () => {
  test('is followed: before, while and after it moves every call is answered once', async () => {
    const store = await openReady();
    const key = store.redisKeys.leases(randomUUID(), wholeTenant);
    const { slot, node: from, id: fromId } = ownerOf(key);
    const to = cluster.nodes.find((node) => node !== from);
    const toId = runCli('-p', String(to?.port), 'CLUSTER', 'MYID').trim();
    const at = (node: RedisProcess | undefined, ...args: readonly string[]) =>
      runCli('-p', String(node?.port), ...args);
    expect(await store.run(count, [key], [])).toBe(1);

    at(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
    at(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
    expect(await store.run(count, [key], [])).toBe(2);
    at(from, 'MIGRATE', '127.0.0.1', String(to?.port), key, '0', '5000');
    // The old node says ASK.
    expect(await store.run(count, [key], [])).toBe(3);
    const other = key.replace(wholeTenant, 'user:ada');
    const both = createScript("return {redis.call('INCR', KEYS[1]), redis.call('EXISTS', KEYS[2])}");
    // Either node says TRYAGAIN to several redis keys until the slot has moved.
    const several = store.run(both, [other, `${other}-2`], [], { timeoutMs: 20_000 });
    const impatient = await failureOf(store.run(both, [other, `${other}-2`], [], { timeoutMs: 100 }));
    // The time ends between two attempts, or in one.
    expect(impatient).toMatchObject({ reason: expect.stringMatching(/^(?:refused|timeout)$/u) });
    for (const node of cluster.nodes) at(node, 'CLUSTER', 'SETSLOT', slot, 'NODE', toId);
    expect(await several).toEqual([1, 0]);
    // The old node says MOVED.
    expect(await store.run(count, [key], [])).toBe(4);
    expect(store.state()).toBe('ready');
    expect(await store.run(count, [key], [])).toBe(5);
  });
});

describe('a node that is away', () => {
  test('fails its own calls alone, fast, and is used again when it is back', async () => {
    const states: StoreState[] = [];
    const store = await openReady({ onState: (state) => states.push(state) });
    const [lost = '', ...kept] = keysOnAllNodes(store);
    const { node } = ownerOf(lost);
    node.freeze();
    try {
      const reasons = [];
      for (let call = 0; call < 4; call += 1) {
        const error = await failureOf(store.command('get', [lost], { timeoutMs: 20 }));
        reasons.push(error instanceof StoreUnavailableError ? error.reason : error);
      }
      expect(reasons).toEqual(['timeout', 'timeout', 'timeout', 'breaker']);
      expect(store.state()).toBe('partial');
      for (const key of kept) expect(await store.command('get', [key])).toBeNull();
    } finally {
      node.thaw();
    }
    await expect.poll(() => store.state(), { timeout: patienceMs }).toBe('ready');
    await expect.poll(() => store.command('get', [lost]).catch(() => 'away'), { timeout: patienceMs }).toBeNull();
    expect(states).toEqual(['ready', 'partial', 'ready']);
  });
});

describe('a start on a cluster', () => {
  test('with a part of the slots served by nobody fails with the count of them', async () => {
    const node = await startClusterNode();
    extra.push(node);
    runCli('-p', String(node.port), 'CLUSTER', 'ADDSLOTSRANGE', '0', '16000');
    expect(await failureOf(open({ clusterNodes: [node.url] }).whenReady(patienceMs))).toMatchObject({
      fault: 'slots-uncovered',
      detail: '383 of 16384 slots have no node',
    });
  });

  test('fails at a server that is not a node of one', async () => {
    const server = await startRedisProcess({ binary: requireRedisBinary() });
    extra.push(server);
    expect(await failureOf(open({ clusterNodes: [server.url] }).whenReady(patienceMs))).toMatchObject({
      fault: 'not-cluster',
    });
  });

  test('asks every node for what it permits and how it is set', async () => {
    const target = { clusterNodes: [cluster.nodes[0]?.url ?? ''] };
    expect(await findMissingPermissions(target, { keyPrefix, timeoutMs: patienceMs })).toMatchObject({
      aclRules: [],
      unknownCommands: [],
    });
    for (const { port } of cluster.nodes.slice(1)) {
      runCli('-p', String(port), 'ACL', 'SETUSER', 'default', '-hset', '-cluster|slots');
    }
    const missing = await findMissingPermissions(target, { keyPrefix, timeoutMs: patienceMs });
    for (const { port } of cluster.nodes) runCli('-p', String(port), 'ACL', 'SETUSER', 'default', '+@all');
    expect(missing).toMatchObject({ user: 'default', aclRules: ['+cluster|slots', '+hset'] });
    const reports = await inspectServers(target, { timeoutMs: patienceMs });
    expect(reports.map(({ address }) => address).toSorted()).toEqual(
      cluster.nodes.map(({ port }) => `127.0.0.1:${port}`).toSorted(),
    );
    expect(reports.map(({ isClusterNode, maxmemoryPolicy }) => [isClusterNode, maxmemoryPolicy])).toEqual(
      cluster.nodes.map(() => [true, 'noeviction']),
    );
  });
});

// Last, since the cluster is another one afterwards.
test('the replica that follows a killed primary is found', async () => {
  const replica = await startClusterNode({ nodeTimeoutMs });
  extra.push(replica);
  const store = await openReady();
  const [lost = ''] = keysOnAllNodes(store);
  const { node, id } = ownerOf(lost);
  await joinAsReplica(replica, id);
  await node.kill();
  const call = () => store.run(count, [lost], [], { timeoutMs: 100 }).catch(() => 'away');
  expect(await call()).toBe('away');
  await expect.poll(call, { timeout: patienceMs }).toBe(1);
  expect(runCli('-p', String(replica.port), 'GET', lost).trim()).toBe('1');
  await expect.poll(() => store.state(), { timeout: patienceMs }).toBe('ready');
});

async function joinAsReplica(replica: RedisProcess, ofId: string): Promise<void> {
  const cli = (...args: readonly string[]) => runCli('-p', String(replica.port), ...args);
  const [first] = cluster.nodes;
  const port = String(first?.port);
  const bus = /@(\d+)/u.exec(
    cluster
      .cli('CLUSTER', 'NODES')
      .split('\n')
      .find((line) => line.includes('myself')) ?? '',
  )?.[1];
  cli('CLUSTER', 'MEET', '127.0.0.1', port, bus ?? '');
  await expect.poll(() => cli('CLUSTER', 'NODES'), { timeout: patienceMs }).toContain(ofId);
  cli('CLUSTER', 'REPLICATE', ofId);
  await expect.poll(() => cli('INFO', 'replication'), { timeout: patienceMs }).toContain('master_link_status:up');
  // The others must know of it, or nobody votes.
  for (const node of cluster.nodes) {
    await expect
      .poll(() => runCli('-p', String(node.port), 'CLUSTER', 'NODES'), { timeout: patienceMs })
      .toMatch(new RegExp(`:${replica.port}@.* slave ${ofId}`, 'u'));
  }
}
