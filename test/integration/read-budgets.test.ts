import { createReadBudgets } from '@ccg/admission';
import { systemClock } from '@ccg/kernel';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { budget, openAdmissionRig } from './support/admission-rig.ts';
import type { AdmissionRig } from './support/admission-rig.ts';

let rig: AdmissionRig;
beforeEach(async () => {
  rig = await openAdmissionRig();
});
afterEach(() => rig.close());

const monthly = budget();
const daily = budget({ per: 'day', name: 'daily', subject: 'user:ada', timeZone: 'Pacific/Auckland' });
const unused = budget({ per: 'week', name: 'unused' });

test('budgets are read as an admission tells them, in the order that is asked for, and nothing is taken', async () => {
  const { states } = await rig.admitted([monthly, daily]);
  const read = createReadBudgets({ store: rig.store, clock: systemClock });
  for (let times = 0; times < 2; times += 1) {
    const [first, second, third] = await read(rig.tenant(), [daily, unused, monthly]);
    expect([third, first]).toEqual(states);
    expect(second).toMatchObject({ limit: unused, usedMicroDollars: 0 });
  }
  expect(await read(rig.tenant(), [])).toEqual([]);
});

test.each([
  ['a month behind', -31],
  ['a day behind', -1],
  ['a day ahead', 1],
  ['a year ahead', 366],
])("budgets are read by Redis's clock, where that of the process is %s", async (_how, days) => {
  const { states } = await rig.admitted([monthly, daily]);
  const clock = { ...systemClock, now: () => Date.now() + days * 86_400_000 };
  expect(await createReadBudgets({ store: rig.store, clock })(rig.tenant(), [monthly, daily])).toEqual(states);
});
