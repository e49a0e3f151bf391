import type { FinishedRequest, Reporter } from '@ccg/edge';
import { assertNever, outcomeFacts, outcomeOfCode, outcomeOfReason, ReaderGoneError } from '@ccg/kernel';
import type { GatewayError, Outcome } from '@ccg/kernel';
import type { Logger, Metrics } from '@ccg/telemetry';
import { auditActor } from '@ccg/tenancy';
import type { Principal } from '@ccg/tenancy';
import { thrownError } from './problem.ts';
import type { AdminResult } from './serve-operation.ts';

/** The status that proxies log for a client that left before its answer. */
const clientClosedRequest = 499;

type Finished = FinishedRequest<Principal>;

/** The admin API asks no model. */
const noModel = {
  dialect: 'none',
  provider: 'none',
  model: 'none',
  stream: false,
  tenant: undefined,
  isModelKnown: false,
};

/** Writes one line and counts one request each. Nothing of a body is in them. */
export function createReporter(logger: Logger, metrics: Metrics): Reporter<AdminResult, Principal> {
  return {
    resultOf: (thrown) => ({ kind: 'failed', thrown }),
    untoldError: (result) => (result.kind === 'failed' ? untold(result.thrown) : undefined),
    finished(request, result) {
      const { outcome, status, ...described } = describe(request, result);
      const { endpoint, requestId, method, principal, durationMs } = request;
      metrics.requestsOf({ ...noModel, endpoint }).finished(String(status), outcome, durationMs / 1000);
      const actor = principal === undefined ? undefined : auditActor(principal);
      const line = { endpoint, method, requestId, actor, status, outcome, ...described };
      logger[outcomeFacts[outcome].level]({ ...line, durationMs: Math.round(durationMs) }, 'request');
    },
  };
}

function untold(thrown: unknown): GatewayError | undefined {
  return thrown instanceof ReaderGoneError ? undefined : thrownError(thrown);
}

interface Described {
  readonly outcome: Outcome;
  readonly status: number;
  readonly error?: string;
  readonly reason?: string | undefined;
  readonly err?: unknown;
}

function describe({ status }: Finished, result: AdminResult): Described {
  switch (result.kind) {
    case 'answered':
      return { outcome: 'ok', status };
    case 'failed': {
      const { thrown } = result;
      if (thrown instanceof ReaderGoneError) {
        return { outcome: outcomeOfReason[thrown.reason], status: clientClosedRequest, reason: thrown.reason };
      }
      const error = thrownError(thrown);
      const { code, reason } = error;
      return {
        outcome: outcomeOfCode[code],
        status,
        error: code,
        reason,
        ...(code === 'internal' ? { err: error } : {}),
      };
    }
    default:
      return assertNever(result);
  }
}
