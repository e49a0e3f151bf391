import {
  limitAmountMax,
  limitKinds,
  limitLevels,
  limitNameShape,
  limitRuleProblems,
  limitRulesMax,
  reservationsOf,
} from '@ccg/kernel';
import { z } from 'zod';

const requestsError = 'must be a whole number of requests per minute, from 1';
const amountError = `must be a whole number from 1 to ${limitAmountMax}`;

const common = {
  name: z
    .string()
    .regex(limitNameShape, {
      error: 'must be up to 63 of a-z, 0-9, "-" and "_", and begin with a letter or a digit',
    })
    .optional()
    .describe('Tells it from other limits. Left out: its level and its kind'),
  level: z
    .enum(limitLevels, { error: `must be one of ${limitLevels.join(', ')}` })
    .describe('Whose use is counted: that of the tenant, or of each of its users, API keys or models'),
  amount: z.int({ error: amountError }).min(1, { error: amountError }).max(limitAmountMax, { error: amountError }),
};

const per = z.literal('minute', { error: 'must be minute' });

function reserve(kind: 'input_tokens' | 'output_tokens') {
  const values = reservationsOf(kind);
  return z
    .enum(values, { error: `must be one of ${values.join(', ')}` })
    .optional()
    .describe('What a request takes before its answer is known. Left out: an estimate');
}

const limitRule = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({
      ...common,
      kind: z
        .enum(['requests', 'count_requests'])
        .describe('What is counted. count_requests are requests that only count tokens'),
      per,
    }),
    z.strictObject({ ...common, kind: z.literal('input_tokens'), per, reserve: reserve('input_tokens') }),
    z.strictObject({ ...common, kind: z.literal('output_tokens'), per, reserve: reserve('output_tokens') }),
    z.strictObject({ ...common, kind: z.literal('concurrency').describe('Requests that run at the same time') }),
  ],
  { error: `must be one of ${limitKinds.join(', ')}` },
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
      .max(limitRulesMax, { error: `must have at most ${limitRulesMax} limits` })
      .superRefine((rules, context) => {
        for (const { path, message } of limitRuleProblems(rules)) {
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
