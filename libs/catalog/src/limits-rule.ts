import {
  budgetAmountMax,
  budgetPeriods,
  isBudgetAmount,
  limitAmountMax,
  limitKinds,
  limitLevels,
  limitModes,
  limitNameShape,
  limitRuleClashes,
  limitRulesMax,
  limitTraffics,
  maxWaitingMax,
  maxWaitSecondsMax,
  reservationsOf,
  ruleMessages,
  storeErrorAnswersOf,
} from '@ccg/kernel';
import type { LimitRule } from '@ccg/kernel';
import { z } from 'zod';

const requestsError = 'must be a whole number of requests per minute, from 1';
const whole = (min: number, max: number, error: string) =>
  z.int({ error, abort: true }).min(min, { error }).max(max, { error });
const oneOf = <const Values extends readonly string[]>(values: Values) =>
  z.enum(values, { error: ruleMessages.oneOf(values) });

const common = {
  name: z
    .string()
    .regex(limitNameShape, { error: ruleMessages.name })
    .optional()
    .describe('Tells it from other limits. Left out: its level, its kind and the period of a budget'),
  level: oneOf(limitLevels).describe(
    'Whose use is counted: that of the tenant, or of each of its groups, users, API keys, sessions or models',
  ),
  mode: oneOf(limitModes)
    .optional()
    .describe('enforce unless given. shadow counts what it would refuse, and refuses nothing'),
};

function onStoreError(kind: LimitRule['kind']) {
  const values = storeErrorAnswersOf(kind);
  const error = kind === 'budget' ? ruleMessages.budgetStoreError : ruleMessages.oneOf(values);
  const unsaid = kind === 'budget' ? 'closed, after BUDGET_GRACE_SECONDS' : 'local';
  return z
    .enum(values, { error })
    .optional()
    .describe(
      `What it does while Redis is away: count by itself (local), let in (open), refuse (closed). ${unsaid} unless given`,
    );
}

function reserve(kind: 'input_tokens' | 'output_tokens') {
  return oneOf(reservationsOf(kind))
    .optional()
    .describe('What a request takes before its answer is known. Left out: an estimate');
}

const rate = {
  ...common,
  amount: whole(1, limitAmountMax, ruleMessages.amount),
  per: z.literal('minute', { error: ruleMessages.perMinute }),
  onStoreError: onStoreError('requests'),
};

const traffic = oneOf(limitTraffics)
  .optional()
  .describe('What it counts: requests that somebody waits for, or items of batches. Left out: both, each by itself');

/** One limit. */
export const limitRule = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ ...rate, kind: z.literal('requests').describe('Requests to models'), traffic }),
    z.strictObject({ ...rate, kind: z.literal('count_requests').describe('Requests that only count tokens') }),
    z.strictObject({ ...rate, kind: z.literal('input_tokens'), reserve: reserve('input_tokens'), traffic }),
    z.strictObject({ ...rate, kind: z.literal('output_tokens'), reserve: reserve('output_tokens'), traffic }),
    z.strictObject({
      ...common,
      kind: z.literal('concurrency').describe('Requests that run at the same time'),
      amount: whole(1, limitAmountMax, ruleMessages.amount),
      onStoreError: onStoreError('concurrency'),
      maxWaitSeconds: whole(0, maxWaitSecondsMax, ruleMessages.maxWaitSeconds)
        .optional()
        .describe('How long a request waits for another one to end. 30 unless given; 0 refuses at once'),
      maxWaiting: whole(0, maxWaitingMax, ruleMessages.maxWaiting)
        .optional()
        .describe('How many requests of the tenant may wait. 100 unless given'),
    }),
    z.strictObject({
      ...common,
      kind: z.literal('budget').describe('Money that is spent'),
      amount: z
        .number({ error: ruleMessages.budget })
        .gt(0, { error: ruleMessages.budget, abort: true })
        .max(budgetAmountMax, { error: ruleMessages.budget, abort: true })
        .refine(isBudgetAmount, { error: ruleMessages.budget })
        .describe('Dollars, with at most six decimals'),
      per: oneOf(budgetPeriods).describe("A calendar period in the tenant's time zone. Weeks begin on Monday"),
      onStoreError: onStoreError('budget'),
    }),
  ],
  { error: ruleMessages.oneOf(limitKinds) },
);

/** The limits of a tenant, in `gateway.yaml` and in the admin API: a list, or requests per minute of the whole tenant. */
export const limitsRule = z.union(
  [
    z.strictObject({
      requestsPerMinute: z
        .int({ error: requestsError })
        .min(1, { error: requestsError })
        .max(limitAmountMax, { error: `must be at most ${limitAmountMax}` })
        .optional()
        .describe('One limit on the requests of the whole tenant. Left out: none'),
    }),
    z
      .array(limitRule)
      .max(limitRulesMax, { error: ruleMessages.tooMany })
      .superRefine((rules, context) => {
        for (const { path, message } of limitRuleClashes(rules)) {
          context.addIssue({ code: 'custom', path: [...path], message });
        }
      }),
  ],
  {
    error: ({ input }) =>
      typeof input === 'object' && input !== null
        ? undefined
        : 'must be a list of limits, or {requestsPerMinute: NUMBER}',
  },
);
