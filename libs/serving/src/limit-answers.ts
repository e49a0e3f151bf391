import type { LimitState } from '@ccg/admission';
import { assertNever, GatewayError } from '@ccg/kernel';
import type { HeaderList } from '@ccg/wire';
import type { RequestLimit, ServedRule } from './request-limits.ts';

/** Claude Code waits so long for a limit and no longer. */
const waitMaxSeconds = 60;

/** What a client is told whose request a limit refuses. */
export function limitedError({ rule, whose }: RequestLimit, retryAfterMs: number, nowMs: number): GatewayError {
  const retryAfterSeconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  const what = `${describe(rule)} for ${whose}.`;
  if (retryAfterSeconds <= waitMaxSeconds) {
    return new GatewayError('rate-limited', `${what} Retry in ${retryAfterSeconds} s.`, { retryAfterSeconds });
  }
  return new GatewayError('rate-limited', `${what} Try again after ${timeText(nowMs + retryAfterMs)}.`, {
    retryAfterSeconds,
    retry: 'never',
  });
}

function describe(rule: ServedRule): string {
  switch (rule.kind) {
    case 'requests':
      return `Rate limit: ${rule.amount} requests per minute`;
    case 'input_tokens':
      return `Rate limit: ${rule.amount} input tokens per minute`;
    case 'output_tokens':
      return `Rate limit: ${rule.amount} output tokens per minute`;
    case 'count_requests':
      return `Rate limit: ${rule.amount} token counts per minute`;
    case 'concurrency':
      return `Concurrency limit: ${rule.amount} requests at a time`;
    default:
      return assertNever(rule);
  }
}

/** RFC 3339, in the next whole second. */
function timeText(ms: number): string {
  return new Date(Math.ceil(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}

type RateState = Extract<LimitState, { readonly fullInMs: number }>;

/** As Anthropic tells tokens. */
const tokensTold = 1000;
const headersOf = {
  requests: ['requests'],
  'input-tokens': ['input_tokens'],
  'output-tokens': ['output_tokens'],
  tokens: ['input_tokens', 'output_tokens'],
} as const;

const noHeaders: HeaderList = [];

/** The `anthropic-ratelimit-…` headers of an answer: of several limits of a kind, the one that has the least left. */
export function limitHeaders(
  limits: readonly RequestLimit[],
  states: readonly LimitState[],
  nowMs: number,
): HeaderList {
  if (limits.length === 0) return noHeaders;
  const rates = states.filter((state): state is RateState => 'fullInMs' in state);
  return Object.entries(headersOf).flatMap(([name, kinds]) => {
    const counted = new Set(
      limits.filter(({ rule }) => kinds.some((kind) => kind === rule.kind)).map(({ limit }) => limit),
    );
    const [least] = rates.filter(({ limit }) => counted.has(limit)).toSorted((a, b) => a.remaining - b.remaining);
    return least === undefined ? [] : headersFor(name, least, nowMs);
  });
}

function headersFor(name: string, { limit, remaining, fullInMs }: RateState, nowMs: number): [string, string][] {
  const rounded = name === 'requests' ? remaining : Math.round(remaining / tokensTold) * tokensTold;
  return [
    [`anthropic-ratelimit-${name}-limit`, String(limit.capacity)],
    [`anthropic-ratelimit-${name}-remaining`, String(Math.min(rounded, limit.capacity))],
    [`anthropic-ratelimit-${name}-reset`, timeText(nowMs + fullInMs)],
  ];
}
