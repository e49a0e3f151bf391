import { randomBytes } from 'node:crypto';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import { generateApiKey, reconcile } from '@ccg/tenancy';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openApplyRig, reconciled, usual } from './support/apply-rig.ts';
import type { ApplyRig } from './support/apply-rig.ts';
import { actorOf, patienceMs, root } from './support/tenancy-rig.ts';

let rig: ApplyRig;

beforeEach(async () => {
  rig = await openApplyRig();
});

afterEach(async () => {
  await rig.close();
});

describe('an apply that breaks off', () => {
  /** A store that is gone after so many calls. */
  function failingAfter(calls: number): Store {
    let left = calls;
    const orFail =
      <Args extends readonly unknown[]>(call: (...args: Args) => Promise<unknown>) =>
      async (...args: Args): Promise<unknown> => {
        left -= 1;
        if (left < 0) throw new StoreUnavailableError('down', 'cut by the test');
        return await call(...args);
      };
    return { ...rig.store, run: orFail(rig.store.run), command: orFail(rig.store.command) };
  }

  test('is completed by the next one, wherever it broke off', async () => {
    const { redisKeys } = rig.store;
    for (let calls = 0; ; calls += 1) {
      rig.changeTenant();
      const apiKey = generateApiKey(randomBytes);
      const file = rig.fileOf(
        {
          policies: ['small'],
          users: [{ name: 'ada', policies: [] }],
          apiKeys: [{ ...usual, name: 'ci', owner: 'ada', apiKey }],
        },
        [{ name: 'small', allowlist: { models: ['x'] } }],
      );
      const cut = rig.reconcile(file, { deps: { ...rig.deps(), store: failingAfter(calls) } });
      const isWhole = await cut.then(
        () => true,
        () => false,
      );
      // As if its time had passed.
      await rig.store.command('del', [redisKeys.applyLock()]);
      await rig.apply(file);
      expect(await rig.apply(file, { dryRun: true })).toEqual([]);
      expect((await actorOf(rig.openVerifier(), apiKey)).principal).toMatchObject({
        tenant: rig.tenant(),
        authorization: { policy: { levels: [{ models: ['x'] }] } },
      });
      if (isWhole) break;
    }
  });

  test('and leaves the lock holds up others only until that lapses, and never a dry run', async () => {
    const lock = rig.store.redisKeys.applyLock();
    await rig.store.command('set', [lock, 'somebody else', 'NX', 'PX', 60_000]);
    expect(await rig.reconcile(rig.fileOf())).toEqual({ kind: 'busy' });
    expect(await rig.apply(rig.fileOf(), { dryRun: true })).toEqual(['create tenant']);
    const options = { dryRun: false, prune: false, waitMs: patienceMs };
    const waiting = reconcile(rig.deps(), root, rig.fileOf, options);
    await rig.store.command('set', [lock, 'somebody else', 'XX', 'PX', 1]);
    expect(await waiting).toMatchObject({ kind: 'done', value: { applied: true } });
    expect(await rig.store.command('get', [lock])).toBeNull();
  });
});

test('of two applies at the same time the second waits, and finds nothing to do', async () => {
  const file = rig.fileOf({ users: [{ name: 'ada', policies: [] }] });
  const both = await Promise.all(
    [1, 2].map(() => reconcile(rig.deps(), root, () => file, { dryRun: false, prune: false, waitMs: patienceMs })),
  );
  expect(both.map((one) => reconciled(one).changes.length)).toSatisfy(
    (counts: readonly number[]) => counts.includes(0) && counts.includes(2),
  );
});
