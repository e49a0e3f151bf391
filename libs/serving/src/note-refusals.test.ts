import type { Limit, Refused } from '@ccg/admission';
import type { LimitRefusal } from '@ccg/usage';
import type { LimitRule } from '@ccg/kernel';
import { playModel, say } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { ada, berlinMidnightMs, budget } from '../test/limited-caller.ts';
import { run, startServingRig } from '../test/serving-rig.ts';

const rules: readonly LimitRule[] = [
  { level: 'user', kind: 'requests', amount: 60, per: 'minute' },
  budget(5, { level: 'tenant', mode: 'shadow' }),
  { level: 'tenant', kind: 'concurrency', amount: 3, mode: 'shadow', name: 'cap' },
];

function refusedBy(limit: Limit | undefined): Refused {
  switch (limit?.kind) {
    case 'rate':
      return { limit, retryAfterMs: 2500, state: { limit, remaining: 0, fullInMs: 60_000 } };
    case 'concurrency':
      return { limit, retryAfterMs: 1000, state: { limit, remaining: 0 } };
    case 'budget': {
      const state = { limit, usedMicroDollars: 5_000_000, startsAtMs: 0, resetsAtMs: berlinMidnightMs };
      return { limit, retryAfterMs: 7000, state };
    }
    case undefined:
      throw new Error('The limit was not asked for.');
  }
}

const known = {
  tenant: 'acme',
  requestId: 'req_test',
  atMs: Date.UTC(2026, 0, 1),
  apiKey: 'key_1',
  session: '0f6f',
  model: 'claude-opus-5-5',
};
const byRate = {
  ...known,
  limit: 'user-requests',
  level: 'user',
  kind: 'requests',
  subject: 'user:api-key:key_1',
  mode: 'enforce',
  amount: 60,
  per: 'minute',
  state: { remaining: 0, fullInMs: 60_000 },
  retryAfterMs: 2500,
};
const byBudget = {
  ...known,
  limit: 'budget-day',
  level: 'tenant',
  kind: 'budget',
  subject: 'tenant',
  mode: 'shadow',
  amount: 5,
  per: 'day',
  state: { usedMicroDollars: 5_000_000, resetsAtMs: berlinMidnightMs },
  retryAfterMs: 7000,
};
const byCap = {
  ...known,
  limit: 'cap',
  level: 'tenant',
  kind: 'concurrency',
  subject: 'tenant',
  mode: 'shadow',
  amount: 3,
  per: undefined,
  state: { remaining: 0 },
  retryAfterMs: 1000,
};

test.each([
  ['refuse', 'limited', [byRate, byBudget]],
  ['would have refused', 'admitted', [byBudget, byCap]],
] as const)('limits that %s are remembered, with their values then', async (_how, kind, noted) => {
  const notes: LimitRefusal[] = [];
  const rig = await startServingRig({ refusals: { note: (refusal) => notes.push(refusal) } });
  rig.upstream.play(playModel([{ content: [say('fine')] }]));
  rig.admission.decide(({ limits: [rate, money, cap] }) => {
    const reservation = { watch() {}, settle: () => Promise.resolve() };
    return Promise.resolve(
      kind === 'limited'
        ? { kind, refused: refusedBy(rate), states: [], shadowed: [refusedBy(money)] }
        : { kind, by: 'store', states: [], shadowed: [refusedBy(money), refusedBy(cap)], reservation },
    );
  });
  const { authorization } = ada(rules);
  await run(rig, { authorization, headers: [['x-claude-code-session-id', '0f6f']] });
  expect(notes).toMatchObject(noted);
  expect(notes).toHaveLength(noted.length);
  await rig.close();
});
