import { createTokenVerifier, updateUser } from '@ccg/tenancy';
import type { TenantPrincipal } from '@ccg/tenancy';
import { createManualClock, doneValue } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { actorOf, defaults, openTenancyRig, patienceMs, root } from './support/tenancy-rig.ts';
import { createTokenMaker } from './support/token-maker.ts';

test('a user of tokens and its API keys share the pool of the first group that people can be shown, until the record has one', async () => {
  const rig = await openTenancyRig();
  const { store } = rig;
  const clock = createManualClock();
  const tenant = await rig.newTenant();
  const maker = await createTokenMaker(clock, { tenants: [tenant] });
  const bounds = { cacheMs: 0, staleMs: 60_000, maxEntries: 100 };
  const verifier = createTokenVerifier({ store, issuers: [maker.trusted], clock, defaults, ...bounds });
  try {
    const withGroups = async (...groups: readonly string[]): Promise<TenantPrincipal> => {
      const verification = await verifier.verify(await maker.make({ sub: 'jane', tenant, groups }));
      if (verification.kind !== 'verified') throw new Error(`The token is ${verification.kind}.`);
      return verification.principal;
    };
    const first = await withGroups('r\u200besearch', 'Research team', 'dev');
    expect(first).toMatchObject({ group: 'Research team', waitingWeight: 1 });
    const id = first.user ?? '';
    const { apiKey } = await rig.newApiKey({ tenant, owner: { kind: 'user', id } });
    const ofApiKey = async () => (await actorOf(rig.openVerifier(), apiKey)).principal;
    expect(await ofApiKey()).toMatchObject({ group: 'Research team' });
    for (const groups of [['dev'], []]) {
      expect(await withGroups(...groups)).toMatchObject({ group: groups[0] });
      await expect.poll(ofApiKey, { timeout: patienceMs }).toMatchObject({ group: groups[0] });
    }
    doneValue(await updateUser(rig.deps(), root, { tenant, id, group: 'interns', waitingWeight: 3 }));
    const interns = { group: 'interns', waitingWeight: 3 };
    expect([await withGroups('dev'), await ofApiKey()]).toMatchObject([interns, interns]);
  } finally {
    verifier.close();
    await rig.close();
  }
});
