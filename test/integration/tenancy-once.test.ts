import { randomUUID } from 'node:crypto';
import { StoreUnavailableError } from '@ccg/store';
import { answerOnce, claimOnce, createUser, listUsers, releaseOnce } from '@ccg/tenancy';
import type { OnceClaim } from '@ccg/tenancy';
import { doneValue } from '@ccg/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTenancyRig, root } from './support/tenancy-rig.ts';
import type { TenancyRig } from './support/tenancy-rig.ts';

let rig: TenancyRig;
let tenant: string;
beforeEach(async () => {
  rig = await openTenancyRig();
  tenant = await rig.newTenant();
});
afterEach(async () => {
  await rig.close();
});

const claim = (body = 'a body', lastsMs?: number) =>
  claimOnce(rig.store, { tenant, digest: 'a-request' }, { claim: randomUUID(), body, lastsMs });

async function claimed(lastsMs?: number): Promise<OnceClaim> {
  const outcome = await claim('a body', lastsMs);
  if (outcome.kind !== 'claimed') throw new Error(`The request is ${outcome.kind}.`);
  return outcome.claim;
}

const create = (once: OnceClaim) => createUser(rig.deps(), { ...root, once }, { tenant, name: 'Ada' });
const users = async () => doneValue(await listUsers(rig.deps(), root, { tenant })).items;

test('a request is claimed by one, and known by its body', async () => {
  await claimed();
  expect(await claim()).toEqual({ kind: 'in-progress' });
  expect(await claim('another body')).toEqual({ kind: 'mismatch' });
});

test('the answer is there with the change, also when the process that made it ends then', async () => {
  const user = doneValue(await create(await claimed(1)));
  const again = await claim();
  expect(again).toMatchObject({ kind: 'answered' });
  expect(again.kind === 'answered' ? JSON.parse(again.answer) : undefined).toEqual(JSON.parse(JSON.stringify(user)));
  expect(await claim('another body')).toEqual({ kind: 'mismatch' });
});

test('a claim that lapsed is taken over, and its change is not made any more', async () => {
  const lapsed = await claimed(1);
  await expect.poll(() => claim()).toMatchObject({ kind: 'claimed' });
  await expect(create(lapsed)).rejects.toBeInstanceOf(StoreUnavailableError);
  expect(await users()).toEqual([]);
});

test('a claim that was given back is free, and its change is not made any more', async () => {
  const released = await claimed();
  await releaseOnce(rig.store, released);
  await expect(create(released)).rejects.toBeInstanceOf(StoreUnavailableError);
  expect(await users()).toEqual([]);
  expect(await claim('another body')).toMatchObject({ kind: 'claimed' });
});

test('an answer stays, whoever answers or gives back after it', async () => {
  const first = await claimed();
  await answerOnce(rig.store, first, 'the answer');
  await answerOnce(rig.store, first, 'another answer');
  await releaseOnce(rig.store, first);
  await answerOnce(rig.store, { ...first, claim: 'of somebody else' }, 'another answer');
  expect(await claim()).toEqual({ kind: 'answered', answer: 'the answer' });
});
