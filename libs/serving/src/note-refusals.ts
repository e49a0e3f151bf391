import type { LimitState, Refused } from '@ccg/admission';
import { nameOfLimit } from '@ccg/kernel';
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
  const { user, userName, apiKey } = callerOf(request);
  for (const { limit, retryAfterMs, state } of refused) {
    const rule = limits.find((one) => one.limit === limit)?.rule;
    if (rule === undefined) continue;
    log.note({
      tenant: request.principal.tenant,
      requestId: request.requestId,
      atMs,
      user,
      userName,
      apiKey,
      session: client.session,
      model: work.requestedModel,
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

function valuesOf(state: LimitState) {
  if ('usedMicroDollars' in state) {
    return { usedMicroDollars: state.usedMicroDollars, resetsAtMs: state.resetsAtMs };
  }
  return 'fullInMs' in state
    ? { remaining: state.remaining, fullInMs: state.fullInMs }
    : { remaining: state.remaining };
}
