import type { BudgetState, LimitState } from '@ccg/admission';
import type { HeaderList } from '@ccg/wire';
import { foremost, isBudgetState, percentOf, periodNames, thresholdOf } from './budget-standing.ts';
import type { RequestLimit } from './request-limits.ts';

type RateState = Extract<LimitState, { readonly fullInMs: number }>;

const none: HeaderList = [];

/**
 * What an answer tells of the limits of its request: `anthropic-ratelimit-…`, of several limits of a kind the one that has
 * the least left, and of several budgets the one that clients warn of. Shadow limits hold nobody, so they are not told.
 */
export function limitHeaders(
  limits: readonly RequestLimit[],
  states: readonly LimitState[],
  nowMs: number,
): HeaderList {
  if (states.length === 0) return none;
  const { budget, ...rates } = pick(limits, states);
  const headers: (readonly [string, string])[] = [];
  addRates(headers, rates, nowMs);
  if (budget !== undefined) addBudget(headers, budget);
  return headers;
}

/** The headers of a refusal by a rate. A client that reads of budgets in them shows a sentence of its own. */
export function rateHeaders(limits: readonly RequestLimit[], states: readonly LimitState[], nowMs: number): HeaderList {
  const headers: (readonly [string, string])[] = [];
  addRates(headers, pick(limits, states), nowMs);
  return headers;
}

/** The headers of a refusal by a budget. Claude Code shows the sentence of the error only if there are no others. */
export function spentHeaders(state: BudgetState, isPool: boolean): HeaderList {
  const reset = secondsText(state.resetsAtMs);
  return [
    [`${unified}-status`, 'rejected'],
    [`${unified}-reset`, reset],
    [`${unified}-overage-reset`, reset],
    [`${unified}-overage-utilization`, '1'],
    [`${unified}-overage-surpassed-threshold`, '1'],
    [`${unified}-overage-period`, periodNames[state.limit.per]],
    [disabledReason, 'org_spend_cap_reached'],
    ...(isPool ? ([[`${unified}-overage-scope`, 'group_pool']] as const) : []),
  ];
}

const unified = 'anthropic-ratelimit-unified';
const disabledReason = `${unified}-overage-disabled-reason`;

/** The headers of a refusal by a budget of which nobody knows what is left. */
export const unreadHeaders: HeaderList = [[disabledReason, 'fetch_error']];

/** Of each kind the limit that has the least left. */
interface Least {
  readonly requests: RateState | undefined;
  readonly input: RateState | undefined;
  readonly output: RateState | undefined;
}

/** One pass: it is on the way of every request. */
function pick(
  limits: readonly RequestLimit[],
  states: readonly LimitState[],
): Least & { readonly budget: BudgetState | undefined } {
  let requests: RateState | undefined;
  let input: RateState | undefined;
  let output: RateState | undefined;
  let budget: BudgetState | undefined;
  for (const state of states) {
    if (state.limit.mode === 'shadow') continue;
    if (isBudgetState(state)) budget = foremost(budget, beforeRequest(state));
    else if ('fullInMs' in state) {
      switch (limits.find(({ limit }) => limit === state.limit)?.rule.kind) {
        case 'requests':
          requests = scarcer(requests, state);
          break;
        case 'input_tokens':
          input = scarcer(input, state);
          break;
        case 'output_tokens':
          output = scarcer(output, state);
          break;
        case 'count_requests':
        case 'concurrency':
        case 'budget':
        case undefined:
      }
    }
  }
  return { requests, input, output, budget };
}

/** What was used before the request asked for what its prompt may cost, most of which it seldom does. */
function beforeRequest(state: BudgetState): BudgetState {
  const { limit, usedMicroDollars } = state;
  if (limit.costMicroDollars === 0) return state;
  return { ...state, usedMicroDollars: Math.max(0, usedMicroDollars - limit.costMicroDollars) };
}

function scarcer(one: RateState | undefined, other: RateState): RateState {
  return one === undefined || other.remaining < one.remaining ? other : one;
}

/** As Anthropic tells tokens. */
const tokensTold = 1000;

function addRates(headers: (readonly [string, string])[], { requests, input, output }: Least, nowMs: number): void {
  if (requests !== undefined) addRate(headers, 'requests', requests, requests.remaining, nowMs);
  if (input !== undefined) addTokens(headers, 'input-tokens', input, nowMs);
  if (output !== undefined) addTokens(headers, 'output-tokens', output, nowMs);
  const tokens = input === undefined || output === undefined ? (input ?? output) : scarcer(input, output);
  if (tokens !== undefined) addTokens(headers, 'tokens', tokens, nowMs);
}

function addTokens(headers: (readonly [string, string])[], name: string, state: RateState, nowMs: number): void {
  addRate(headers, name, state, Math.round(state.remaining / tokensTold) * tokensTold, nowMs);
}

function addRate(
  headers: (readonly [string, string])[],
  name: string,
  { limit: { capacity }, fullInMs }: RateState,
  remaining: number,
  nowMs: number,
): void {
  headers.push(
    [`anthropic-ratelimit-${name}-limit`, String(capacity)],
    [`anthropic-ratelimit-${name}-remaining`, String(Math.min(remaining, capacity))],
    [`anthropic-ratelimit-${name}-reset`, timeText(nowMs + fullInMs)],
  );
}

function addBudget(headers: (readonly [string, string])[], state: BudgetState): void {
  const threshold = thresholdOf(state);
  const status = threshold === undefined ? 'allowed' : 'allowed_warning';
  const reset = secondsText(state.resetsAtMs);
  headers.push(
    [`${unified}-status`, status],
    [`${unified}-representative-claim`, 'overage'],
    [`${unified}-overage-status`, status],
    // The request was admitted, so something was left.
    [`${unified}-overage-utilization`, (Math.min(percentOf(state), 99) / 100).toFixed(2)],
  );
  if (threshold !== undefined) headers.push([`${unified}-overage-surpassed-threshold`, String(threshold)]);
  headers.push([`${unified}-reset`, reset], [`${unified}-overage-reset`, reset]);
}

/** RFC 3339, in the next whole second. */
export function timeText(ms: number): string {
  return `${new Date(Math.ceil(ms / 1000) * 1000).toISOString().slice(0, -'.000Z'.length)}Z`;
}

/** Seconds since the epoch. */
function secondsText(ms: number): string {
  return String(Math.ceil(ms / 1000));
}
