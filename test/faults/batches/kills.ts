import { setTimeout as delay } from 'node:timers/promises';
import type { BatchClient } from './batch-client.ts';
import type { Fleet } from './fleet.ts';
import type { ItemUpstream } from './item-upstream.ts';
import { tell } from './tell.ts';

const storeAwayMs = 30_000;

/** One batch in the making, and who is to be killed meanwhile. */
export interface Running {
  readonly fleet: Fleet;
  readonly upstream: ItemUpstream;
  readonly items: number;
  /** When all items should be done at the latest. */
  readonly untilMs: number;
}

/** The gateway dies once in the middle of the upload, and once just after its last byte. */
export async function createUnderKills(client: BatchClient, fleet: Fleet, pieces: readonly Buffer[]): Promise<string> {
  let killed = 0;
  const killAndStart = async () => {
    killed += 1;
    await fleet.killGateway();
    await fleet.startGateway();
  };
  let afterLast: Promise<void> | undefined;
  const id = await client.create(pieces, async (share) => {
    if (killed === 0 && share > 0.5) await killAndStart();
    else if (killed === 1 && share === 1) afterLast = delay(killAfterLastByteMs).then(killAndStart);
  });
  await afterLast;
  return id;
}

/** By then the body was read, and the batch is about to be committed, or was. */
const killAfterLastByteMs = 30;

type Kill = readonly [atShare: number, what: string, act: () => Promise<void>];

/** Who dies when so many of all items are done. */
export async function runUnderKills(running: Running): Promise<void> {
  const { fleet, upstream, items } = running;
  const worker = 'a worker is killed';
  const killGateway = async () => {
    await fleet.killGateway();
    await fleet.startGateway();
  };
  const plan: readonly Kill[] = [
    ...[0.03, 0.12, 0.21, 0.3, 0.4, 0.58, 0.67, 0.76, 0.85].map((at): Kill => [at, worker, fleet.killWorker]),
    ...[0.08, 0.25, 0.45, 0.63, 0.8].map((at): Kill => [at, 'Redis is killed', fleet.killRedis]),
    ...[0.15, 0.7].map((at): Kill => [at, 'the gateway is killed', killGateway]),
    [0.5, 'the S3 store is killed, and a worker while it is away', () => loseStore(fleet)],
  ];
  for (const [atShare, what, act] of plan.toSorted(([one], [other]) => one - other)) {
    await reach(running, atShare * items);
    tell(`${upstream.done()} of ${items} items done: ${what}`);
    await act();
  }
}

async function loseStore(fleet: Fleet): Promise<void> {
  await fleet.s3.kill();
  await delay(storeAwayMs / 3);
  await fleet.killWorker();
  await delay((storeAwayMs * 2) / 3);
  await fleet.s3.start();
}

async function reach({ upstream, items, untilMs }: Running, done: number): Promise<void> {
  while (upstream.done() < done) {
    if (Date.now() > untilMs) throw new Error(`Only ${upstream.done()} of ${items} items were done in time.`);
    await delay(50);
  }
}

/** The gateway dies during the download. Who was given a part must not take it for all. */
export async function readUnderKill(client: BatchClient, fleet: Fleet, id: string) {
  let killing: Promise<void> | undefined;
  const first = await client
    .results(id, async () => {
      killing ??= fleet.killGateway();
      await killing;
    })
    .catch(() => undefined);
  await killing;
  await fleet.startGateway();
  return { text: first ?? (await client.results(id)), wasCut: first === undefined };
}
