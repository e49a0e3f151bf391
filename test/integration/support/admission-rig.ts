import { randomUUID } from 'node:crypto';
import { createAdmission, wholeTenant } from '@ccg/admission';
import type {
  Admission,
  AdmissionOptions,
  AdmissionRequest,
  BudgetLimit,
  ConcurrencyLimit,
  Decision,
  FinalUse,
  Limit,
  RateLimit,
} from '@ccg/admission';
import { systemClock } from '@ccg/kernel';
import { connectStore, createScript } from '@ccg/store';
import type { ConnectionTarget, Store } from '@ccg/store';
import { redisForSuite } from '@ccg/testkit';
import type { SuiteRedis } from '@ccg/testkit';

export const patienceMs = 10_000;

type Admitted = Extract<Decision, { kind: 'admitted' }>;

/** An admission on a real Redis, a fresh tenant, and ways to look at what it keeps there. */
export interface AdmissionRig {
  readonly store: Store;
  readonly redis: SuiteRedis;
  readonly tenant: () => string;
  /** Requests that follow are of another tenant. */
  changeTenant(): void;
  openStore(target?: ConnectionTarget): Promise<Store>;
  /** Another admission, as of another replica; on the rig's store unless it is given one. */
  openAdmission(options?: Partial<AdmissionOptions>): Admission;
  admit(limits: readonly Limit[], requestId?: string, by?: Admission): Promise<Decision>;
  /** Asks for a request in every detail. */
  ask(request: Partial<AdmissionRequest>, by?: Admission): Promise<Decision>;
  /** Rejects unless the request is admitted. */
  admitted(limits: readonly Limit[], requestId?: string, by?: Admission): Promise<Admitted>;
  /** What is left of rate limits, without taking anything. */
  remaining(...limits: readonly RateLimit[]): Promise<readonly number[]>;
  leases(subject?: string): Promise<unknown>;
  /** The stream of usage records: id, record, and the record that it replaces. */
  records(): Promise<readonly (readonly string[])[]>;
  /** Sends one command that has a redis key first. */
  read(command: string, redisKey: string, ...args: readonly string[]): Promise<unknown>;
  /** The fields of a request's reservation. */
  reservationOf(requestId: string): Promise<Readonly<Record<string, string>>>;
  /** The ids of the requests that Redis takes to be running. */
  running(): Promise<unknown>;
  /** When a lease of the tenant lapses, in milliseconds since the epoch. */
  lapsesAt(lease: string): Promise<number>;
  /** Milliseconds until a bucket or a lease set expires; -2 where there is none. */
  expiry(what: RateLimit | 'leases'): Promise<number>;
  close(): Promise<void>;
}

const frame = { subject: wholeTenant, mode: 'enforce', onStoreError: 'local' } as const;

/** So slow that nothing flows in while a test runs, unless the test says otherwise. */
export function rate(changes: Partial<RateLimit> = {}): RateLimit {
  const numbers = { capacity: 3, refillPerSecond: 0.0001, cost: 1, costPerOutputToken: 0 } as const;
  return { ...frame, name: 'requests', ...numbers, ...changes, kind: 'rate' };
}

export function concurrency(maxRunning: number, subject: string = wholeTenant): ConcurrencyLimit {
  return { ...frame, name: 'concurrency', kind: 'concurrency', subject, maxRunning };
}

/** Of one dollar a month for the tenant, of which a request costs a cent. */
export function budget(changes: Partial<BudgetLimit> = {}): BudgetLimit {
  const amounts = { amountMicroDollars: 1_000_000, costMicroDollars: 10_000, microDollarsPerOutputToken: 0 };
  const numbers = { per: 'month', timeZone: 'UTC', ...amounts } as const;
  return { ...frame, name: 'budget', onStoreError: 'closed', ...numbers, ...changes, kind: 'budget' };
}

/** What a request has used in all of each limit. */
export function used(...amounts: readonly (readonly [Limit, number])[]): FinalUse {
  return { amounts: new Map(amounts), record: '' };
}

export async function openAdmissionRig(): Promise<AdmissionRig> {
  const suite = redisForSuite('admission');
  const opened: Store[] = [];
  let tenant = `t-${randomUUID()}`;
  const store = await openStore();
  const admission = openAdmission();

  async function openStore(target = suite.target): Promise<Store> {
    const one = connectStore({ ...target, keyPrefix: suite.keyPrefix, commandTimeoutMs: 2000 });
    opened.push(one);
    await one.whenReady(patienceMs);
    return one;
  }

  /** With so much time for Redis that the local fallback does not decide on a busy machine. */
  function openAdmission(options: Partial<AdmissionOptions> = {}): Admission {
    return createAdmission({
      store,
      clock: systemClock,
      replica: randomUUID(),
      liveReplicas: () => 1,
      timeoutMs: 2000,
      ...options,
    });
  }

  const ask: AdmissionRig['ask'] = (request, by = admission) =>
    by.admit({ tenant, requestId: randomUUID(), limits: [], output: undefined, record: '', ...request });
  const admit: AdmissionRig['admit'] = (limits, requestId = randomUUID(), by = admission) =>
    ask({ requestId, limits }, by);
  const read = (command: string, redisKey: string, ...args: readonly string[]) =>
    store.run(createScript(`return redis.call('${command}', KEYS[1], unpack(ARGV))`), [redisKey], args);
  const leaseSet = (subject: string) => store.redisKeys.leases(tenant, subject);

  return {
    store,
    redis: suite,
    tenant: () => tenant,
    changeTenant: () => {
      tenant = `t-${randomUUID()}`;
    },
    openStore,
    openAdmission,
    ask,
    admit,
    async admitted(...request) {
      const decision = await admit(...request);
      if (decision.kind !== 'admitted') throw new Error(`not admitted: ${JSON.stringify(decision)}`);
      return decision;
    },
    async remaining(...limits) {
      const decision = await admit(limits.map((one) => ({ ...one, cost: 0 })));
      if (decision.kind !== 'admitted') return [];
      await decision.reservation.settle(used());
      return decision.states.map((state) => ('remaining' in state ? state.remaining : Number.NaN));
    },
    leases: (subject = wholeTenant) => read('ZRANGE', leaseSet(subject), '0', '-1'),
    read,
    async reservationOf(requestId) {
      const fields = (await read('HGETALL', store.redisKeys.reservation(tenant, requestId))) as string[];
      const isName = (_: string, at: number) => at % 2 === 0;
      return Object.fromEntries(fields.filter(isName).map((name, at) => [name, fields[2 * at + 1] ?? '']));
    },
    async records() {
      const entries = await store.command('xrange', [store.redisKeys.usageRecords(tenant), '-', '+']);
      return (entries as [string, string[]][]).map(([, fields]) => [1, 3, 5].map((at) => fields[at] ?? ''));
    },
    running: () => read('ZRANGE', store.redisKeys.reservations(tenant), '0', '-1'),
    lapsesAt: async (lease) => Number(await read('ZSCORE', leaseSet(wholeTenant), lease)),
    expiry: async (what) =>
      Number(
        await read(
          'PTTL',
          what === 'leases' ? leaseSet(wholeTenant) : store.redisKeys.rateLimit(tenant, what.name, what.subject),
        ),
      ),
    async close() {
      await Promise.all(opened.map((one) => one.close()));
    },
  };
}
