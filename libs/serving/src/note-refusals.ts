import type { LimitState, Refused } from '@ccg/admission';
import { nameOfLimit } from '@ccg/kernel';
import type { KilledSession } from '@ccg/tenancy';
import type { RefusalLog } from '@ccg/usage';
import type { LimitedWork, RequestLimit } from './request-limits.ts';
import type { ClientNames, LineRequest } from './usage-line.ts';
import { callerOf } from './usage-line.ts';

/** A request as far as its refusal tells of it. */
interface RefusedRequest {
  readonly request: LineRequest;
  readonly client: ClientNames;
  readonly work: LimitedWork;
  readonly limits: readonly RequestLimit[];
}

/** Remembers the limits that refused a request, and the shadow limits that would have. */
export function noteRefusals(
  log: Pick<RefusalLog, 'note'>,
  { request, client, work, limits }: RefusedRequest,
  refused: readonly Refused[],
  atMs: number,
): void {
  const asked = askedOf({ request, client, work }, atMs);
  for (const { limit, retryAfterMs, state } of refused) {
    const rule = limits.find((one) => one.limit === limit)?.rule;
    if (rule === undefined) continue;
    log.note({
      ...asked,
      limit: nameOfLimit(rule),
      level: rule.level,
      kind: rule.kind,
      subject: limit.subject,
      mode: limit.mode,
      amount: rule.amount,
      per: rule.kind === 'concurrency' ? undefined : rule.per,
      state: valuesOf(state),
      retryAfterMs,
    });
  }
}

/** Remembers that a request was refused because its session is killed, which is no limit but is asked about in the same way. */
export function noteKilled(
  log: Pick<RefusalLog, 'note'>,
  request: Omit<RefusedRequest, 'limits'>,
  { session, untilMs }: KilledSession,
  atMs: number,
): void {
  log.note({
    ...askedOf(request, atMs),
    limit: 'session-killed',
    level: 'session',
    kind: 'killed',
    subject: session,
    mode: 'enforce',
    amount: 0,
    state: {},
    retryAfterMs: untilMs - atMs,
  });
}

function askedOf({ request, client, work }: Omit<RefusedRequest, 'limits'>, atMs: number) {
  const { user, userName, apiKey } = callerOf(request);
  const { principal, requestId } = request;
  const { session } = client;
  const { id: batch, index: batchIndex } = request.batch ?? {};
  const who = { tenant: principal.tenant, requestId, atMs, user, userName, apiKey, session };
  return { ...who, model: work.requestedModel, batch, batchIndex };
}

function valuesOf(state: LimitState) {
  if ('usedMicroDollars' in state) {
    return { usedMicroDollars: state.usedMicroDollars, resetsAtMs: state.resetsAtMs };
  }
  return 'fullInMs' in state
    ? { remaining: state.remaining, fullInMs: state.fullInMs }
    : { remaining: state.remaining };
}
