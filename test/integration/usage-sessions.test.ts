import { systemClock } from '@ccg/kernel';
import { encodeUsageRecord, readSessions } from '@ccg/usage';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openUsageRig, usageRecord } from './support/usage-rig.ts';
import type { UsageRig } from './support/usage-rig.ts';

let rig: UsageRig;
beforeEach(async () => {
  rig = await openUsageRig();
});
afterEach(() => rig.close());

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const read = (aheadMs = 0) => {
  const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
  return readSessions({ store: rig.store, clock, readWaiting: () => Promise.resolve(waiting) }, rig.tenant());
};
let waiting: readonly string[] = [];
afterEach(() => {
  waiting = [];
});

test('a session is what one caller calls so: its requests are added up, a record that was replaced is not', async () => {
  const ada = { user: 'usr_ada', userName: 'ada', apiKey: 'key_a', session: 's-1', costMicroDollars: 100 };
  const early = usageRecord({ ...ada, id: 'req_1', outcome: 'running', outputTokens: 5, at: minutesAgo(9) });
  const whole = usageRecord({ ...ada, id: 'req_1', outputTokens: 7, at: minutesAgo(8), durationMs: 60_000 });
  const second = usageRecord({ ...ada, id: 'req_2', outputTokens: 2, at: minutesAgo(3), durationMs: 0 });
  const service = usageRecord({ id: 'req_3', user: undefined, userName: undefined, apiKey: 'key_ci', session: 's-1' });
  await rig.append(early, usageRecord({ ...ada, id: 'req_4', session: undefined }));
  await rig.append({ record: encodeUsageRecord(whole), replaces: encodeUsageRecord(early) });
  await rig.append(second, { ...service, at: minutesAgo(1) });
  expect(await read()).toMatchObject([
    { session: 's-1', user: undefined, apiKey: 'key_ci', requests: 1 },
    {
      session: 's-1',
      user: 'usr_ada',
      running: 0,
      requests: 2,
      outputTokens: 9,
      costMicroDollars: 200,
      startedAt: minutesAfter(whole.at, -1),
      lastSeenAt: second.at,
    },
  ]);
});

test('a session is listed too that only waits, and what waits is not counted as a request yet', async () => {
  const ada = { user: 'usr_ada', userName: 'ada', apiKey: 'key_a' };
  await rig.append(usageRecord({ ...ada, session: 's-1' }));
  const waits = (id: string, session: string) => encodeUsageRecord(usageRecord({ ...ada, id, session }));
  waiting = [waits('req_8', 's-1'), waits('req_9', 's-2'), 'of a newer version'];
  const listed = (await read()).toSorted((one, other) => one.session.localeCompare(other.session));
  expect(listed).toMatchObject([
    { session: 's-1', running: 0, waiting: 1, requests: 1 },
    { session: 's-2', running: 0, waiting: 1, requests: 0, user: 'usr_ada' },
  ]);
});

test('what ran more than a day ago is not listed', async () => {
  await rig.append(usageRecord({ session: 's-1' }));
  expect(await read()).toHaveLength(1);
  expect(await read(25 * 60 * 60 * 1000)).toEqual([]);
});

test('of a stream that is longer than one call reads all is added up', async () => {
  const records = Array.from({ length: 1100 }, (_, at) => usageRecord({ id: `req_${at}`, session: 's-1' }));
  await rig.append(...records);
  expect(await read()).toMatchObject([{ session: 's-1', requests: 1100 }]);
});

function minutesAfter(time: string, minutes: number): string {
  return new Date(Date.parse(time) + minutes * 60_000).toISOString();
}
