import {
  budgetPeriods,
  limitModes,
  limitRuleFaults,
  limitTraffics,
  rateKinds,
  reservationsOf,
  storeErrorAnswersOf,
} from '@ccg/kernel';
import type { LimitRule } from '@ccg/kernel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { directoryFromFile } from './directory-from-file.ts';
import { limitsRule } from './limits-rule.ts';

const frameOf = (kind: LimitRule['kind']) => ({
  name: fc.option(fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,20}$/u), { nil: undefined }),
  level: fc.constantFrom('tenant', 'group', 'user', 'api-key', 'session', 'model'),
  mode: fc.option(fc.constantFrom(...limitModes), { nil: undefined }),
  onStoreError: fc.option(fc.constantFrom(...storeErrorAnswersOf(kind)), { nil: undefined }),
});
const whole = fc.integer({ min: 1, max: 999_999_999 });

const rate = fc.constantFrom(...rateKinds).chain((kind) =>
  fc.record({
    ...frameOf(kind),
    kind: fc.constant(kind),
    amount: whole,
    per: fc.constant('minute'),
    reserve: fc.constantFrom(undefined, ...reservationsOf(kind)),
    traffic: kind === 'count_requests' ? fc.constant(undefined) : fc.constantFrom(undefined, ...limitTraffics),
  }),
);
const cap = fc.record({
  ...frameOf('concurrency'),
  kind: fc.constant('concurrency'),
  amount: whole,
  maxWaitSeconds: fc.option(fc.nat(600), { nil: undefined }),
  maxWaiting: fc.option(fc.nat(10_000), { nil: undefined }),
});
const budget = fc.record({
  ...frameOf('budget'),
  kind: fc.constant('budget'),
  amount: fc.integer({ min: 1, max: 10_000_000_000_000 }).map((microDollars) => microDollars / 1_000_000),
  per: fc.constantFrom(...budgetPeriods),
});

/** Limits that may stand together. What is undefined is left out, as it is when they are stored. */
const rules = fc
  .array(fc.oneof(rate, cap, budget), { maxLength: 8 })
  .map((list) => JSON.parse(JSON.stringify(list)) as readonly LimitRule[])
  .map((list) => {
    const clashing = new Set(limitRuleFaults(list).map(({ path: [at] }) => at));
    return list.filter((_, at) => !clashing.has(at));
  });

test('limits that are written into a file or sent to the API are read as they were', () => {
  fc.assert(
    fc.property(rules, (limits) => {
      expect(limitsRule.parse(JSON.parse(JSON.stringify(limits)))).toEqual(limits);
      const tenants = { acme: { name: 'Acme', allowlist: { models: ['*'] }, limits } };
      const text = stringify({ version: 1, tenants });
      const made = directoryFromFile({ path: 'gateway.yaml', text, secrets: { env: () => '', file: () => '' } });
      expect(made).toMatchObject({ kind: 'valid', directory: { tenants: [{ limits }] } });
    }),
    { numRuns: 40 },
  );
});
