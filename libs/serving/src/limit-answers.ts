import { assertNever, GatewayError } from '@ccg/kernel';
import type { LimitRule } from '@ccg/kernel';
import type { RequestLimit } from './request-limits.ts';

/** Claude Code waits so long for a limit and no longer. */
const waitMaxSeconds = 60;

/** What a client is told whose request a limit refuses. */
export function limitedError({ rule, whose }: RequestLimit, retryAfterMs: number, nowMs: number): GatewayError {
  const retryAfterSeconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  const what = `${describe(rule)} for ${whose}.`;
  if (retryAfterSeconds <= waitMaxSeconds) {
    return new GatewayError('rate-limited', `${what} Retry in ${retryAfterSeconds} s.`, { retryAfterSeconds });
  }
  const resetsAt = new Date(nowMs + retryAfterMs).toISOString().replace(/\.\d+Z$/u, 'Z');
  return new GatewayError('rate-limited', `${what} Try again after ${resetsAt}.`, {
    retryAfterSeconds,
    retry: 'never',
  });
}

function describe(rule: LimitRule): string {
  switch (rule.kind) {
    case 'requests':
      return `Rate limit: ${rule.amount} requests per minute`;
    case 'count_requests':
      return `Rate limit: ${rule.amount} token counts per minute`;
    case 'concurrency':
      return `Concurrency limit: ${rule.amount} requests at a time`;
    default:
      return assertNever(rule);
  }
}
