import type { Dialect, Target } from '@ccg/catalog';
import { assertNever, ReaderGoneError } from '@ccg/kernel';
import type { ErrorCode, GatewayError } from '@ccg/kernel';
import type { Warning } from '@ccg/translation';
import { noUsage } from '@ccg/wire';
import type { Usage } from '@ccg/wire';

/** Every way a request can end. The prefix names whose failure it is. The names are stored and alerted on: never rename one. */
export const outcomes = [
  'ok',
  'client_bad_request',
  'client_too_large',
  'client_aborted',
  'client_stalled',
  'policy_unauthenticated',
  'policy_denied_model',
  'policy_suspended',
  'policy_rate_limit',
  'policy_budget',
  'policy_killed',
  'upstream_rate_limited',
  'upstream_overloaded',
  'upstream_error',
  'upstream_credential',
  'upstream_timeout',
  'upstream_truncated',
  'upstream_unreachable',
  'capacity_waiting_room',
  'capacity_memory',
  'capacity_draining',
  'gateway_store_down',
  'gateway_issuer_down',
  'gateway_internal',
] as const;

export type Outcome = (typeof outcomes)[number];

const outcomeOfCode: Readonly<Record<ErrorCode, Exclude<Outcome, 'ok'>>> = {
  'credential-missing': 'policy_unauthenticated',
  'credential-invalid': 'policy_unauthenticated',
  'credential-ambiguous': 'policy_unauthenticated',
  'credential-unsupported': 'policy_unauthenticated',
  suspended: 'policy_suspended',
  'scope-missing': 'policy_denied_model',
  'model-denied': 'policy_denied_model',
  'request-invalid': 'client_bad_request',
  'encoding-invalid': 'client_bad_request',
  'prompt-too-long': 'client_too_large',
  'unsupported-media-type': 'client_bad_request',
  'request-too-large': 'client_too_large',
  'headers-too-large': 'client_too_large',
  'http-invalid': 'client_bad_request',
  'request-timeout': 'client_stalled',
  'path-unknown': 'client_bad_request',
  'provider-unknown': 'client_bad_request',
  'model-unknown': 'client_bad_request',
  'method-not-allowed': 'client_bad_request',
  'rate-limited': 'policy_rate_limit',
  'store-unavailable': 'gateway_store_down',
  'issuer-unavailable': 'gateway_issuer_down',
  draining: 'capacity_draining',
  internal: 'gateway_internal',
  'upstream-refused': 'client_bad_request',
  'upstream-refused-size': 'client_too_large',
  'upstream-credential-rejected': 'upstream_credential',
  'upstream-account-empty': 'upstream_credential',
  'upstream-rate-limited': 'upstream_rate_limited',
  'upstream-overloaded': 'upstream_overloaded',
  'upstream-failed': 'upstream_error',
  'upstream-unreachable': 'upstream_unreachable',
  'upstream-timeout': 'upstream_timeout',
  'upstream-malformed': 'upstream_error',
  'upstream-truncated': 'upstream_truncated',
};

/** What a request failed of: an error that the client can be told, or a client that is no longer there. */
export type Failure = GatewayError | ReaderGoneError;

/** How an answer ended for its client. */
export type End =
  /** The whole answer was written. */
  | { readonly kind: 'completed' }
  /** Nothing was sent: the caller renders the error. */
  | { readonly kind: 'unsent'; readonly error: GatewayError }
  /** The error was the last event of a stream that had begun. */
  | { readonly kind: 'broken'; readonly error: GatewayError }
  /** The client left or took nothing for too long, so nobody was told. */
  | { readonly kind: 'aborted'; readonly reason: ReaderGoneError['reason'] };

export function outcomeOf(end: End): Outcome {
  switch (end.kind) {
    case 'completed':
      return 'ok';
    case 'unsent':
    case 'broken':
      return outcomeOfCode[end.error.code];
    case 'aborted':
      return outcomeOfReason[end.reason];
    default:
      return assertNever(end);
  }
}

export function outcomeOfFailure(failure: Failure): Outcome {
  return failure instanceof ReaderGoneError ? outcomeOfReason[failure.reason] : outcomeOfCode[failure.code];
}

const outcomeOfReason = { 'client-gone': 'client_aborted', 'reader-stalled': 'client_stalled' } as const;

/** A target by its names alone: what may be logged, counted and stored of it. */
export interface TargetName {
  readonly provider: string;
  readonly model: string;
  readonly dialect: Dialect;
}

export function nameOf({ provider, model, dialect }: Target): TargetName {
  return { provider: provider.name, model, dialect };
}

/** What the client asked for, and the targets that it resolved to, in the order in which they are tried. */
interface RouteRecord {
  readonly requestedModel: string;
  readonly stream: boolean;
  readonly targets: readonly TargetName[];
}

/** One call to one provider. A connection that is tried again is two attempts. */
export interface AttemptRecord {
  readonly target: TargetName;
  /** Milliseconds after the request arrived. */
  readonly startedMs: number;
  readonly endedMs: number;
  /** Undefined where the provider sent no status. */
  readonly status: number | undefined;
  /** The provider's own id of the request. */
  readonly upstreamRequestId: string | undefined;
  readonly outcome: Outcome;
}

/** When a request passed each stage, in milliseconds after its arrival; undefined for a stage that it did not reach. */
interface Stages {
  readonly admittedMs: number | undefined;
  /** The first frame that the client got of the answer itself; pings do not count. */
  readonly firstEventMs: number | undefined;
  readonly endedMs: number | undefined;
}

/** `estimated` usage was worked out by the gateway, because the provider reported none. */
export interface Measured {
  readonly usage: Usage;
  readonly usageSource: 'none' | 'reported' | 'estimated';
}

/** All that is known of a request when it has ended. The log line, the metrics and the usage are made of it. */
export interface RequestRecord extends Measured {
  readonly end: End;
  readonly outcome: Outcome;
  /** Undefined for a request that could not be read, or that asks no model. */
  readonly route: RouteRecord | undefined;
  readonly attempts: readonly AttemptRecord[];
  readonly stages: Stages;
  readonly warnings: readonly Warning[];
}

/** Usage of a request that reached no model. */
export const notMeasured: Measured = { usage: noUsage, usageSource: 'none' };

/** What is known of a request since it was admitted. */
export type Asked = Pick<RequestRecord, 'attempts' | 'stages' | 'warnings' | 'usage' | 'usageSource'>;

/** What is known before anything has happened. */
export const nothingKnown: Omit<RequestRecord, 'end' | 'outcome'> = Object.freeze({
  ...notMeasured,
  route: undefined,
  attempts: [],
  stages: { admittedMs: undefined, firstEventMs: undefined, endedMs: undefined },
  warnings: [],
});

/** The record of a request that reached no model. */
export function recordWithoutModel(end: End): RequestRecord {
  return { ...nothingKnown, end, outcome: outcomeOf(end) };
}
