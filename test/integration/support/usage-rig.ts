import { randomUUID } from 'node:crypto';
import { systemClock } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import { connectStore, createScript, StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import { redisForSuite } from '@ccg/testkit';
import { encodeUsageRecord, readUsage, rollUpUsage } from '@ccg/usage';
import type { LimitRefusal, RolledUp, RollUpOptions, UsageQuery, UsageRecord, UsageRow } from '@ccg/usage';

const patienceMs = 10_000;

export const keptUsage: RollUpOptions = {
  recordDays: 30,
  rollUpDays: 400,
  rowsMax: { models: 5000, sessions: 1000 },
};

/** A store with a prefix of its own, and a tenant whose stream of usage records tests write. */
export interface UsageRig {
  readonly store: Store;
  tenant(): string;
  /** What follows is of another tenant. */
  changeTenant(): void;
  /** Appends records as the script of settlements does, each with the one that it replaces. */
  append(...records: readonly Appended[]): Promise<void>;
  rollUp(options?: Partial<RollUpOptions>, through?: { store?: Store; clock?: Clock }): Promise<RolledUp>;
  read(query: Partial<UsageQuery>): Promise<readonly UsageRow[]>;
  /** A command of Redis on a key, whatever the product is permitted. */
  redis(command: string, redisKey: string, ...args: readonly (string | number)[]): Promise<unknown>;
  close(): Promise<void>;
}

export async function openUsageRig(): Promise<UsageRig> {
  const suite = redisForSuite('usage');
  const store = connectStore({ ...suite.target, keyPrefix: suite.keyPrefix, commandTimeoutMs: 5000 });
  await store.whenReady(patienceMs);
  let tenant = `t-${randomUUID()}`;
  const redis: UsageRig['redis'] = (command, redisKey, ...args) =>
    store.run(createScript(`return redis.call('${command}', KEYS[1], unpack(ARGV))`), [redisKey], args);
  return {
    store,
    tenant: () => tenant,
    changeTenant() {
      tenant = `t-${randomUUID()}`;
    },
    async append(...records) {
      await appendUsage(store, tenant, records);
    },
    rollUp: (options, through) =>
      rollUpUsage({ store, clock: systemClock, ...through, options: { ...keptUsage, ...options } }, tenant),
    read: (query) => readUsage(store, { tenant, from: today(), to: today(), by: [], of: {}, ...query }),
    redis,
    close: () => store.close(),
  };
}

type Appended = UsageRecord | { readonly record: string; readonly replaces: string };

const appendScript = createScript(`
for at = 1, #ARGV, 3 do
  redis.call('XADD', KEYS[1], '*', 'id', ARGV[at], 'record', ARGV[at + 1], 'replaces', ARGV[at + 2])
end
return 1`);

/** Appends records as the script of settlements does, each with the one that it replaces. */
export async function appendUsage(store: Store, tenant: string, records: readonly Appended[]): Promise<void> {
  await store.run(
    appendScript,
    [store.redisKeys.usageRecords(tenant)],
    records.flatMap((one) => ('v' in one ? [one.id, encodeUsageRecord(one), ''] : ['', one.record, one.replaces])),
  );
}

export function today(): string {
  return new Date().toISOString().slice(0, 10);
}

export function usageRecord(changes: Partial<UsageRecord> = {}): UsageRecord {
  return {
    v: 1,
    id: `req_${randomUUID()}`,
    at: new Date().toISOString(),
    user: 'usr_ada',
    userName: 'ada',
    apiKey: 'key_1',
    session: 'session-1',
    endpoint: 'messages',
    requestedModel: 'claude-sonnet',
    provider: 'anthropic',
    model: 'claude-sonnet-4-5',
    dialect: 'anthropic',
    stream: true,
    outcome: 'ok',
    inputTokens: 10,
    outputTokens: 20,
    cacheReadTokens: 30,
    cacheWriteTokens: 40,
    reasoningTokens: 5,
    usageSource: 'reported',
    costMicroDollars: 1234,
    priceBasis: 'list',
    durationMs: 900,
    firstEventMs: 100,
    attempts: 1,
    ...changes,
  };
}

/** A store that is gone after so many calls, before a call or after it was done. */
export function failingAfter(store: Store, calls: number, when: 'before' | 'after'): Store {
  let left = calls;
  const orFail =
    <Args extends readonly unknown[]>(call: (...args: Args) => Promise<unknown>) =>
    async (...args: Args): Promise<unknown> => {
      left -= 1;
      if (left < 0 && when === 'before') throw new StoreUnavailableError('down', 'cut by the test');
      const reply = await call(...args);
      if (left < 0) throw new StoreUnavailableError('down', 'cut by the test');
      return reply;
    };
  return { ...store, run: orFail(store.run), command: orFail(store.command) };
}

export function limitRefusal(changes: Partial<LimitRefusal> = {}): LimitRefusal {
  return {
    requestId: `req_${randomUUID()}`,
    atMs: Date.now(),
    user: 'usr_ada',
    userName: 'ada',
    apiKey: 'key_1',
    session: 's-1',
    model: 'claude-sonnet',
    limit: 'user-input_tokens',
    level: 'user',
    kind: 'input_tokens',
    subject: 'user:usr_ada',
    mode: 'enforce',
    amount: 100_000,
    per: 'minute',
    state: { remaining: 12, fullInMs: 48_000 },
    retryAfterMs: 12_000,
    ...changes,
  };
}
