import type { Limit, LimitState, WaitEnd } from '@ccg/admission';
import { createManualClock } from '@ccg/testkit';
import type { LimitRule } from '@ccg/kernel';
import { streamErrorType } from '@ccg/wire';
import { expect, test } from 'vitest';
import { ada, berlinMidnightMs, budget, budgetState, limitsOf } from '../test/limited-caller.ts';
import { createLimitAnswers } from './limit-answers.ts';
import type { ToldRule } from './limit-answers.ts';
import { whoseOf } from './limit-subjects.ts';

const minute = { per: 'minute' } as const;
const nowMs = berlinMidnightMs - 3 * 3_600_000;
const reset = String(berlinMidnightMs / 1000);

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly retry: 'default' | 'never';
  readonly retryAfterSeconds: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly message: string;
}

function told(rule: LimitRule): ToldRule {
  const principal = ada([rule]);
  return { rule, whose: whoseOf(rule.level, principal, 'opus'), authorization: principal.authorization };
}

function answerTo(rule: LimitRule, retryAfterMs: number, stateOf: (limit: Limit) => LimitState): Answer {
  const limits = limitsOf(rule);
  const [known] = limits;
  if (known === undefined) throw new Error('The rule counts nothing.');
  const state = stateOf(known.limit);
  const clock = createManualClock(nowMs);
  const refused = { limit: known.limit, retryAfterMs, state };
  const error = createLimitAnswers(clock).limited(told(rule), refused, { limits, states: [state] });
  const { status, type, retry, retryAfterSeconds, headers, publicMessage: message } = error;
  if (retry === 'always') throw new Error('A limit never asks for a retry.');
  return { status, type, retry, retryAfterSeconds, headers, message };
}

const rate = (remaining: number, fullInMs: number) => (limit: Limit) => {
  if (limit.kind !== 'rate') throw new Error('The limit is no rate.');
  return { limit, remaining, fullInMs };
};

const spent = {
  'anthropic-ratelimit-unified-status': 'rejected',
  'anthropic-ratelimit-unified-reset': reset,
  'anthropic-ratelimit-unified-overage-reset': reset,
  'anthropic-ratelimit-unified-overage-utilization': '1',
  'anthropic-ratelimit-unified-overage-surpassed-threshold': '1',
  'anthropic-ratelimit-unified-overage-period': 'daily',
  'anthropic-ratelimit-unified-overage-disabled-reason': 'org_spend_cap_reached',
};
/** Of twenty requests at a time, of which none ended. */
const crowded = (wait?: WaitEnd) => {
  const rule: LimitRule = { level: 'tenant', kind: 'concurrency', amount: 20, maxWaitSeconds: 45 };
  const [known] = limitsOf(rule);
  if (known?.limit.kind !== 'concurrency') throw new Error('The limit is no cap.');
  const state = { limit: known.limit, remaining: 0 };
  const refused = { limit: known.limit, retryAfterMs: 1000, state };
  return createLimitAnswers(createManualClock()).limited(told(rule), refused, { limits: [], states: [], wait });
};

const limited = { status: 429, type: 'rate_limit_error', retry: 'default', headers: {} } as const;
const broke = { status: 429, type: 'billing_error', retry: 'never', retryAfterSeconds: 10_800 } as const;

test.each<[string, LimitRule, number, (limit: Limit) => LimitState, Answer]>([
  [
    'a rate that has room within a minute',
    { level: 'user', kind: 'input_tokens', amount: 100_000, ...minute },
    11_001,
    rate(1499, 59_000),
    {
      ...limited,
      retryAfterSeconds: 12,
      message: 'Rate limit: 100000 input tokens per minute for user ada. Retry in 12 s.',
      headers: {
        'anthropic-ratelimit-input-tokens-limit': '100000',
        'anthropic-ratelimit-input-tokens-remaining': '1000',
        'anthropic-ratelimit-input-tokens-reset': '2026-11-28T20:00:59Z',
        'anthropic-ratelimit-tokens-limit': '100000',
        'anthropic-ratelimit-tokens-remaining': '1000',
        'anthropic-ratelimit-tokens-reset': '2026-11-28T20:00:59Z',
      },
    },
  ],
  [
    'a rate that has room at once',
    { level: 'api-key', kind: 'requests', amount: 60, ...minute },
    0,
    rate(0, 60_000),
    {
      ...limited,
      retryAfterSeconds: 1,
      message: 'Rate limit: 60 requests per minute for API key laptop. Retry in 1 s.',
      headers: {
        'anthropic-ratelimit-requests-limit': '60',
        'anthropic-ratelimit-requests-remaining': '0',
        'anthropic-ratelimit-requests-reset': '2026-11-28T20:01:00Z',
      },
    },
  ],
  [
    'a rate that has room later',
    { level: 'group', kind: 'output_tokens', amount: 2000, ...minute },
    60_001,
    rate(0, 120_000),
    {
      ...limited,
      retry: 'never',
      retryAfterSeconds: 61,
      message: 'Rate limit: 2000 output tokens per minute for group platform. Try again after 2026-11-28T20:01:01Z.',
      headers: {
        'anthropic-ratelimit-output-tokens-limit': '2000',
        'anthropic-ratelimit-output-tokens-remaining': '0',
        'anthropic-ratelimit-output-tokens-reset': '2026-11-28T20:02:00Z',
        'anthropic-ratelimit-tokens-limit': '2000',
        'anthropic-ratelimit-tokens-remaining': '0',
        'anthropic-ratelimit-tokens-reset': '2026-11-28T20:02:00Z',
      },
    },
  ],
  [
    'running requests',
    { level: 'tenant', kind: 'concurrency', amount: 20 },
    0,
    (limit) => {
      if (limit.kind !== 'concurrency') throw new Error('The limit is no cap.');
      return { limit, remaining: 0 };
    },
    {
      ...limited,
      retryAfterSeconds: 5,
      message: 'Concurrency limit: 20 requests at a time for tenant acme. Retry in 5 s.',
    },
  ],
  [
    'a budget that is used up',
    budget(5),
    10_800_000,
    () => budgetState(budget(5), 5),
    {
      ...broke,
      headers: spent,
      message:
        'The budget of $5 per day for user ada is used up. It resets on 29 November 2026 at 00:00 (Europe/Berlin). ' +
        'Ask #claude on Slack if you need more.',
    },
  ],
  [
    'a budget of a group, of which too little is left',
    budget(1200.5, { level: 'group', per: 'month' }),
    10_800_000,
    () => budgetState(budget(1200.5, { level: 'group', per: 'month' }), 1200.2),
    {
      ...broke,
      headers: {
        ...spent,
        'anthropic-ratelimit-unified-overage-period': 'monthly',
        'anthropic-ratelimit-unified-overage-scope': 'group_pool',
      },
      message:
        'The budget of $1200.50 per month for group platform has $0.30 left, which is less than this request may cost. ' +
        'It resets on 29 November 2026 at 00:00 (Europe/Berlin). Ask #claude on Slack if you need more.',
    },
  ],
])('the answer to %s', (_what, rule, retryAfterMs, stateOf, answer) => {
  expect(answerTo(rule, retryAfterMs, stateOf)).toEqual(answer);
});

test.each<[string, WaitEnd | undefined, string, string]>([
  ['may not wait', undefined, 'too-many-running', ''],
  ['has waited', 'over', 'wait-over', ' None of them ended within 45 s.'],
  ['finds the waiting room full', 'full', 'waiting-room-full', ' Too many requests wait already.'],
])('the answer to a request that %s for others to end', (_what, wait, code, more) => {
  expect(crowded(wait)).toMatchObject({
    code,
    status: 429,
    type: 'rate_limit_error',
    retry: 'default',
    retryAfterSeconds: 5,
    publicMessage: `Concurrency limit: 20 requests at a time for tenant acme.${more} Retry in 5 s.`,
  });
  // After its status, Claude Code asks for the same stream again on no other type.
  if (wait !== undefined) expect(streamErrorType(crowded(wait), false)).toBe('overloaded_error');
});

test.each<[string, LimitRule, Partial<Answer>]>([
  [
    'a budget',
    budget(0.000125, { per: 'week' }),
    {
      status: 429,
      type: 'billing_error',
      retry: 'never',
      retryAfterSeconds: undefined,
      headers: { 'anthropic-ratelimit-unified-overage-disabled-reason': 'fetch_error' },
      message:
        'The budget of $0.000125 per week for user ada cannot be checked now, because the store of the gateway does not answer. ' +
        'Try again in a few minutes, or ask #claude on Slack.',
    },
  ],
  [
    'another limit',
    { level: 'tenant', kind: 'requests', amount: 60, ...minute, name: 'all' },
    {
      status: 503,
      type: 'api_error',
      retry: 'default',
      retryAfterSeconds: 5,
      headers: {},
      message:
        'The limit "all" for tenant acme cannot be checked now, because the store of the gateway does not answer. Retry in 5 s.',
    },
  ],
])('the answer to %s that is closed while the store is away', (_what, rule, answer) => {
  const {
    status,
    type,
    retry,
    retryAfterSeconds,
    headers,
    publicMessage: message,
  } = createLimitAnswers(createManualClock()).unreadable(told(rule));
  expect({ status, type, retry, retryAfterSeconds, headers, message }).toEqual(answer);
});
