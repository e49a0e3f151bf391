import { randomUUID } from 'node:crypto';
import { connectStore, createScript, findMissingPermissions, StoreReplyError, StoreUnavailableError } from '@ccg/store';
import type { Store, StoreOptions, StoreState } from '@ccg/store';
import { createGate, redisForSuite, startFaultProxy } from '@ccg/testkit';
import type { FaultProxy } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const suite = redisForSuite('store');
/** Far above what any step here takes: a wait that lasts this long has failed. */
const patienceMs = 10_000;

let proxy: FaultProxy;
const opened: Store[] = [];

beforeEach(async () => {
  proxy = await startFaultProxy(suite.url);
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
  await proxy.close();
});

function open(options: Partial<StoreOptions> = {}): Store {
  const store = connectStore({ url: proxy.url, keyPrefix: suite.keyPrefix, commandTimeoutMs: 2000, ...options });
  opened.push(store);
  return store;
}

async function openReady(options: Partial<StoreOptions> = {}): Promise<Store> {
  const store = open(options);
  await store.whenReady(patienceMs);
  return store;
}

function redisKey(): string {
  return `${suite.keyPrefix}${randomUUID()}`;
}

/** What a call failed with; the call must fail. */
async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.fail('the call was answered'),
    (error: unknown) => error,
  );
}

describe('scripts', () => {
  test('a script that the server has never seen runs, and runs again by its digest', async () => {
    const store = await openReady();
    const script = createScript(`return {KEYS[1], ARGV[1], 7} -- ${randomUUID()}`);
    const key = redisKey();
    expect(await store.run(script, [key], ['a'])).toEqual([key, 'a', 7]);
    expect(await store.run(script, [key], [3])).toEqual([key, '3', 7]);
  });

  test('a fault in a script is an error of ours, and no number of them closes the store', async () => {
    const store = await openReady();
    const faulty = createScript("return redis.call('HSET', KEYS[1])");
    for (let run = 0; run < 5; run += 1) {
      expect(await failureOf(store.run(faulty, [redisKey()], []))).toBeInstanceOf(StoreReplyError);
    }
    expect(store.state()).toBe('ready');
  });

  test('an error never repeats the arguments of the call', async () => {
    const store = await openReady();
    const key = redisKey();
    await store.command('set', [key, 'text']);
    const error = await failureOf(store.command('hget', [key, 'a-value-of-somebody']));
    expect(error).toBeInstanceOf(StoreReplyError);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('a-value-of-somebody');
  });
});

describe('without a connection', () => {
  test('a store that was never connected fails at once and recovers when Redis comes', async () => {
    proxy.cut();
    const states: StoreState[] = [];
    const down = createGate();
    const store = open({
      onState(state) {
        states.push(state);
        down.open();
      },
    });
    expect(await failureOf(store.command('get', [redisKey()]))).toMatchObject({ reason: 'down' });
    await down.opened;
    proxy.restore();
    await store.whenReady(patienceMs);
    expect(await store.command('get', [redisKey()])).toBeNull();
    expect(states).toEqual(['down', 'ready']);
  });

  test('waiting for a store that does not come ends with the store unavailable', async () => {
    proxy.cut();
    expect(await failureOf(open().whenReady(50))).toMatchObject({ name: 'StoreUnavailableError', reason: 'down' });
  });

  test('calls under way when the connection breaks fail, and later ones succeed after it is back', async () => {
    const store = await openReady();
    proxy.hang();
    const underWay = [store.command('ping', []), store.command('get', [redisKey()])].map(failureOf);
    proxy.cut();
    for (const error of await Promise.all(underWay)) expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(await failureOf(store.command('ping', []))).toBeInstanceOf(StoreUnavailableError);
    proxy.restore();
    await store.whenReady(patienceMs);
    expect(await store.command('ping', [])).toBe('PONG');
  });

  test('a closed store fails at once and reports no failure of Redis', async () => {
    const states: StoreState[] = [];
    const store = await openReady({ onState: (state) => states.push(state) });
    await store.close();
    expect(await failureOf(store.command('ping', []))).toBeInstanceOf(StoreUnavailableError);
    expect(states).toEqual(['ready']);
  });
});

describe('a Redis that does not answer', () => {
  test('a call fails after its timeout, and after three of them calls fail unasked until Redis answers again', async () => {
    const back = createGate();
    const store = await openReady({
      onState(state) {
        if (state === 'ready') back.open();
      },
    });
    proxy.hang();
    const reasons = [];
    for (let call = 0; call < 5; call += 1) {
      const error = await failureOf(store.command('get', [redisKey()], { timeoutMs: 20 }));
      reasons.push(error instanceof StoreUnavailableError ? error.reason : error);
    }
    expect(reasons).toEqual(['timeout', 'timeout', 'timeout', 'breaker', 'breaker']);
    expect(store.state()).toBe('down');
    proxy.restore();
    await back.opened;
    await expect.poll(() => store.state(), { timeout: patienceMs }).toBe('ready');
    expect(await store.command('ping', [])).toBe('PONG');
  });

  test('each call has a timeout of its own, and one that failed leaves the others theirs', async () => {
    const store = await openReady();
    proxy.hang();
    const slow = store.command('get', [redisKey()]);
    expect(await failureOf(store.command('get', [redisKey()], { timeoutMs: 20 }))).toMatchObject({ reason: 'timeout' });
    proxy.restore();
    expect(await slow).toBeNull();
  });
});

test('a server without restrictions permits every command that is needed', async () => {
  const { url, keyPrefix } = suite;
  const missing = await findMissingPermissions({ url }, { keyPrefix, timeoutMs: patienceMs });
  expect(missing).toMatchObject({ aclRules: [], unknownCommands: [] });
});

test('a busy process of ours is not the fault of Redis: its calls are answered, and the store stays ready', async () => {
  const states: StoreState[] = [];
  // Without the proxy, which would be held up too.
  const store = await openReady({ url: suite.url, onState: (state) => states.push(state) });
  const calls: Promise<unknown>[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    calls.push(store.command('ping', [], { timeoutMs: 200 }), store.command('ping', [], { timeoutMs: 200 }));
    block(600);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  expect(new Set(await Promise.all(calls))).toEqual(new Set(['PONG']));
  expect(states).toEqual(['ready']);
});

/** Holds the event loop up. */
function block(durationMs: number): void {
  const end = performance.now() + durationMs;
  while (performance.now() < end);
}

describe('subscriptions', () => {
  test('every message of the channel and of no other arrives', async () => {
    const [listener, speaker] = [await openReady(), await openReady()];
    const channel = redisKey();
    const received: string[] = [];
    const last = createGate();
    const subscription = listener.subscribe(channel, (message) => {
      received.push(message);
      if (message === 'last') last.open();
    });
    await subscription.active;
    await speaker.command('publish', [redisKey(), 'elsewhere']);
    await speaker.command('publish', [channel, 'first']);
    await speaker.command('publish', [channel, 'last']);
    await last.opened;
    expect(received).toEqual(['first', 'last']);
  });

  test('a subscription made without Redis works once it is there, and again after a break', async () => {
    const direct = await openReady({ url: suite.url });
    proxy.cut();
    const channel = redisKey();
    const received: string[] = [];
    const subscription = open().subscribe(channel, (message) => received.push(message));
    proxy.restore();
    await subscription.active;
    await publishUntilReceived(direct, channel, 'before', received);
    proxy.cut();
    proxy.restore();
    await publishUntilReceived(direct, channel, 'after', received);
  });

  test('a cancelled subscription is not called again', async () => {
    const store = await openReady();
    const channel = redisKey();
    const [kept, cancelled]: [string[], string[]] = [[], []];
    const subscription = store.subscribe(channel, (message) => cancelled.push(message));
    await store.subscribe(channel, (message) => kept.push(message)).active;
    subscription.cancel();
    await publishUntilReceived(store, channel, 'message', kept);
    expect(cancelled).toEqual([]);
  });
});

/** Messages of the time without connection are lost, so it is said until it is heard. */
async function publishUntilReceived(speaker: Store, channel: string, message: string, received: readonly string[]) {
  await expect
    .poll(
      async () => {
        await speaker.command('publish', [channel, message]);
        return received;
      },
      { timeout: patienceMs },
    )
    .toContain(message);
}
