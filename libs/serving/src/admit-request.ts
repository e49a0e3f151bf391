import type { Admission, AdmissionRequest, Decision, Limit, Refused } from '@ccg/admission';
import type { Target } from '@ccg/catalog';
import { assertNever, startStopwatch } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import { itemEndpoint } from '@ccg/telemetry';
import type { Metrics } from '@ccg/telemetry';
import type { TenantPrincipal } from '@ccg/tenancy';
import type { RefusalLog } from '@ccg/usage';
import type { HeaderList } from '@ccg/wire';
import { countDecision, countUse } from './count-limits.ts';
import { countSettlement } from './count-record.ts';
import type { Digest } from './estimate-prompt.ts';
import { createExpectWork } from './expected-work.ts';
import { killOf, sessionKilled } from './killed-session.ts';
import { createLimitAnswers } from './limit-answers.ts';
import type { ToldRule } from './limit-answers.ts';
import { limitHeaders } from './limit-headers.ts';
import { userSubject, whoseOf } from './limit-subjects.ts';
import { noteKilled, noteRefusals } from './note-refusals.ts';
import { createAskLimits, principalOrBefore } from './limits-while-waiting.ts';
import type { RequestRecord } from './record.ts';
import { limitsOfRequest, maxOutput, trafficOf } from './request-limits.ts';
import type { LimitedWork, RequestLimit } from './request-limits.ts';
import { amountsOf, nothingUsed } from './settle-request.ts';
import type { Use } from './settle-request.ts';
import { clientNames, usageLine } from './usage-line.ts';
import type { LineRequest, UsageLine } from './usage-line.ts';

export interface Admitted {
  /** What an answer says of the limits. */
  readonly headers: HeaderList;
  /** Tells what the request has used so far, and of which target: it is what is charged if this process dies. */
  watch(this: void, read: () => { readonly use: Use; readonly target: Target }): void;
  /** Ends the leases and settles what was used, in the background: an answer never waits for it. */
  settle(this: void, record: RequestRecord): void;
}

/** What becomes of a request while it waits for others to end. */
interface WhileWaiting {
  /** Aborts when there is nobody left to wait for. */
  readonly signal: AbortSignal;
  /** Called when the wait begins. */
  began?(this: void): void;
  /** Throws where somebody may not ask for this, of whom that was found out again. */
  mayRun(this: void, principal: TenantPrincipal): void;
}

/**
 * Admits a request, at once or when others have ended. What it reserves is kept until it is settled. Rejects with the
 * `GatewayError` of the limit that refuses or of a killed session, or with the reason of the signal.
 */
export type Admit = (request: LineRequest, work: LimitedWork, whileWaiting?: WhileWaiting) => Promise<Admitted>;

export interface AdmitDependencies {
  readonly admission: Admission;
  readonly digest: Digest;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Remembers what limits refuse. Unset, nobody can be told why. */
  readonly refusals?: Pick<RefusalLog, 'note'> | undefined;
}

export function createAdmit({ admission, digest, metrics, clock, refusals }: AdmitDependencies): Admit {
  const answers = createLimitAnswers(clock);
  const outputOf = createOutputBounds(digest);
  const askLimits = createAskLimits();
  const expectWork = createExpectWork();
  return async (request, work, whileWaiting) => {
    const { principal, requestId, headers } = request;
    const client = clientNames(headers);
    const refuseIfKilled = (now: TenantPrincipal): void => {
      const kill = killOf(now, client.session, clock.now());
      if (kill === undefined) return;
      if (refusals !== undefined) noteKilled(refusals, { request, client, work }, kill, clock.now());
      throw sessionKilled(now.authorization);
    };
    refuseIfKilled(principal);
    const line = usageLine(request, client, work);
    const { session } = client;
    const { expected, learn } = expectWork(request, client, work);
    const asked = askLimits(principal, (now) => limitsOfRequest({ principal: now, session }, expected, digest));
    const decision = await admission.admit({
      tenant: principal.tenant,
      requestId,
      limits: asked.first,
      output: outputOf(work),
      record: line.running(nothingUsed, work.targets[0], request.receivedAtMs),
      handOver: request.handOver,
      waiting: waitingOf(request, work, whileWaiting, (now) => {
        refuseIfKilled(now);
        return asked.now(now);
      }),
    });
    const limits = asked.of(decision);
    countDecision(metrics, principal.tenant, limits, decision, trafficOf(work));
    const note = (refused: readonly Refused[]) => {
      if (refusals !== undefined && refused.length > 0) {
        noteRefusals(refusals, { request, client, work, limits }, refused, clock.now());
      }
    };
    switch (decision.kind) {
      case 'admitted':
        note(decision.shadowed);
        return {
          headers: limitHeaders(limits, decision.states, clock.now()),
          ...settling({ decision, request, work, limits, line, learn, metrics, clock }),
        };
      case 'limited': {
        const { refused, states, shadowed, wait } = decision;
        note([refused, ...shadowed]);
        throw answers.limited(toldRule(refused.limit, limits, principal, work), refused, { limits, states, wait });
      }
      case 'unreadable':
        throw answers.unreadable(toldRule(decision.limit, limits, principal, work));
      default:
        return assertNever(decision);
    }
  };
}

function waitingOf(
  { principal, principalNow }: LineRequest,
  work: LimitedWork,
  whileWaiting: WhileWaiting | undefined,
  limitsOf: (principal: TenantPrincipal) => readonly Limit[],
): AdmissionRequest['waiting'] {
  // An item waits in the queue of its batch.
  if (whileWaiting === undefined || work.kind === 'count' || work.traffic === 'batches') return undefined;
  const { waitingWeight: weight } = principal;
  const { mayRun, ...told } = whileWaiting;
  const waiting = { ...told, caller: userSubject(principal), weight, bytes: work.bodyBytes };
  if (principalNow === undefined) return waiting;
  return {
    ...waiting,
    async limitsNow() {
      const now = await principalOrBefore(principalNow, principal);
      mayRun(now);
      return limitsOf(now);
    },
  };
}

interface Settling extends Pick<AdmitDependencies, 'metrics' | 'clock'> {
  readonly decision: Extract<Decision, { readonly kind: 'admitted' }>;
  readonly request: LineRequest;
  readonly work: LimitedWork;
  readonly limits: readonly RequestLimit[];
  readonly line: UsageLine;
  /** Learns for the next request of the same session. */
  readonly learn: ((record: RequestRecord) => void) | undefined;
}

function settling({ decision, limits, line, learn, clock, ...counted }: Settling): Pick<Admitted, 'watch' | 'settle'> {
  const {
    metrics,
    request: {
      principal: { tenant },
      batch,
    },
    work: { kind },
  } = counted;
  const { reservation, estimatedOutput } = decision;
  metrics.reserved(1);
  let isOpen = true;
  const closed = (): void => {
    if (isOpen) metrics.reserved(-1);
    isOpen = false;
  };
  return {
    watch(read) {
      reservation.watch(() => {
        const { use, target } = read();
        return { amounts: amountsOf(limits, use), record: line.running(use, target, clock.now()) };
      });
    },
    settle(record) {
      const elapsedMs = startStopwatch(clock);
      learn?.(record);
      const settled = reservation.settle({
        amounts: amountsOf(limits, record),
        record: line.ended(record, clock.now()),
        outputSample: outputSample(record),
      });
      countUse(metrics, tenant, limits, { use: record, estimatedOutput });
      const endpoint = batch !== undefined ? itemEndpoint : kind === 'count' ? 'count_tokens' : 'messages';
      void settled.finally(closed).then(() => {
        countSettlement(metrics, { endpoint, tenant }, record, elapsedMs());
      });
    },
  };
}

function toldRule(
  limit: Limit,
  limits: readonly RequestLimit[],
  principal: TenantPrincipal,
  work: LimitedWork,
): ToldRule {
  const rule = limits.find((one) => one.limit === limit)?.rule;
  if (rule === undefined) throw new Error('A limit was named that was not asked for.');
  return { rule, whose: whoseOf(rule.level, principal, work.requestedModel), authorization: principal.authorization };
}

/** What later requests are estimated by: whole answers of models alone. */
function outputSample({ outcome, usage, usageSource, attempts }: RequestRecord): number | undefined {
  return outcome === 'ok' && usageSource !== 'none' && attempts.length > 0 ? usage.outputTokens : undefined;
}

/** Names the model by a digest, which is made once for each target. */
function createOutputBounds(digest: Digest): (work: LimitedWork) => AdmissionRequest['output'] {
  const names = new WeakMap<Target, string>();
  return (work) => {
    if (work.kind === 'count') return undefined;
    const [target] = work.targets;
    let model = names.get(target);
    if (model === undefined) {
      model = digest(Buffer.from(target.key));
      names.set(target, model);
    }
    return { model, maxTokens: maxOutput(work) };
  };
}
