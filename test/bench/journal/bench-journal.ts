import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdmission, wholeTenant } from '@ccg/admission';
import type { Admission, Limit } from '@ccg/admission';
import { Secret, systemClock } from '@ccg/kernel';
import { startEmbeddedServer } from '@ccg/local';
import { connectStore } from '@ccg/store';
import { createApiKey, ensureTenant, systemActor } from '@ccg/tenancy';
import type { TenancyDependencies } from '@ccg/tenancy';
import { doneValue } from '@ccg/testkit';
import { judged, percentile, refuseArguments } from '../credentials/percentiles.ts';

/* Prints what the journal costs on the embedded store, beside the same store without one, and how large it gets. */

const rounds = 20;
const requestsPerRound = 500;
const atOnce = 8;
const tenants = 10;
const apiKeys = 300;

interface Rig {
  readonly admission: Admission;
  readonly tenancy: TenancyDependencies;
  close(): Promise<void>;
}

refuseArguments();
const folder = await mkdtemp(join(tmpdir(), 'ccg-bench-journal-'));
const journalPath = join(folder, 'journal');
const without = await openRig({});
const withJournal = await openRig({ journalPath });
const rigs = [without, withJournal];
let largestBytes = 0;

await inTurn(4, requestsRound);
const requests = await inTurn(rounds, requestsRound);
const perSecond = requests.map(({ timesMs }) => Math.round((requestsPerRound * 1000) / percentile(timesMs, 0.5)));
process.stdout.write(
  `requests with limits, a second: ${perSecond[0] ?? 0} without, ${perSecond[1] ?? 0} with a journal\n`,
);
process.stdout.write(judged('CPU of a request, with to without', cpuRatio(requests), 1.25));
process.stdout.write(
  judged(`largest size in ${rounds * requestsPerRound} requests`, largestBytes / 1024, 2048, ' KiB'),
);
process.stdout.write(
  judged('CPU to create an API key, with to without', cpuRatio(await inTurn(apiKeys, createOne)), 1.5),
);

for (const rig of rigs) await rig.close();
await rm(folder, { recursive: true });

async function openRig(journal: { readonly journalPath?: string }): Promise<Rig> {
  const path = join(folder, `${journal.journalPath === undefined ? 'without' : 'with'}.sock`);
  const server = await startEmbeddedServer({ listen: { path }, ...journal });
  const store = connectStore({ socketPath: path, keyPrefix: 'bench:', commandTimeoutMs: 30_000 });
  await store.whenReady(10_000);
  const peppers = { current: new Secret('p'.repeat(32)), previous: [] };
  const tenancy = { store, peppers, clock: systemClock, randomBytes };
  await ensureTenant(tenancy, { id: 'team', name: 'A team', allowlist: { models: ['*'] } });
  return {
    admission: createAdmission({
      store,
      clock: systemClock,
      replica: randomUUID(),
      liveReplicas: () => 1,
      timeoutMs: 30_000,
    }),
    tenancy,
    async close() {
      await store.close();
      await server.close();
    },
  };
}

interface Measured {
  readonly timesMs: number[];
  /** Of the whole process: the store, which has a thread of its own, and its client. */
  cpuMs: number;
}

/** The same number of times for each rig, to and fro, so that a busy moment hits both. */
async function inTurn(times: number, act: (rig: Rig, at: number) => Promise<void>): Promise<readonly Measured[]> {
  const measured = rigs.map((rig) => ({ rig, timesMs: [] as number[], cpuMs: 0 }));
  for (let at = 0; at < times; at += 1) {
    for (const one of at % 2 === 0 ? measured : measured.toReversed()) {
      const [startedAt, before] = [performance.now(), process.cpuUsage()];
      await act(one.rig, at);
      const { user, system } = process.cpuUsage(before);
      one.cpuMs += (user + system) / 1000;
      one.timesMs.push(performance.now() - startedAt);
      largestBytes = Math.max(largestBytes, (await stat(journalPath)).size);
    }
  }
  return measured;
}

function cpuRatio([few, many]: readonly Measured[]): number {
  return (many?.cpuMs ?? 0) / (few?.cpuMs ?? 1);
}

async function requestsRound({ admission }: Rig, round: number): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let at = (next += 1); at <= requestsPerRound; at = next += 1) {
        await oneRequest(admission, `tenant-${at % tenants}`, `${round}-${at}`);
      }
    }),
  );
}

async function oneRequest(admission: Admission, tenant: string, requestId: string): Promise<void> {
  const frame = { subject: wholeTenant, mode: 'enforce', onStoreError: 'local' } as const;
  const rate = { ...frame, kind: 'rate', capacity: 1_000_000, refillPerSecond: 10_000, costPerOutputToken: 0 } as const;
  const limits: readonly Limit[] = [
    { ...rate, name: 'requests', cost: 1 },
    { ...rate, name: 'tokens', cost: 500 },
    { ...frame, kind: 'concurrency', name: 'concurrency', maxRunning: 1000 },
  ];
  const decision = await admission.admit({ tenant, requestId, limits, output: undefined, record: '' });
  if (decision.kind !== 'admitted' || decision.by !== 'store') throw new Error('A request was not admitted.');
  await decision.reservation.settle({ amounts: new Map(), record: '' });
}

async function createOne({ tenancy }: Rig): Promise<void> {
  doneValue(await createApiKey(tenancy, systemActor('bench'), { tenant: 'team', name: 'bench' }));
}
