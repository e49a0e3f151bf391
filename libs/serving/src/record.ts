import type { Dialect, Target, TargetPrice } from '@ccg/catalog';
import { assertNever, outcomeOfCode, outcomeOfReason, ReaderGoneError } from '@ccg/kernel';
import type { GatewayError, Outcome } from '@ccg/kernel';
import type { Trace } from '@ccg/telemetry';
import type { Warning } from '@ccg/translation';
import { noUsage } from '@ccg/wire';
import type { Usage } from '@ccg/wire';

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
  /** Undefined where the request does not say it in a way that can be read. */
  readonly stream: boolean | undefined;
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
  /** Undefined where the request is not traced. */
  readonly spanId: string | undefined;
}

/** How long the gateway worked on the parts of an answer, in milliseconds. What it waited for is no part of it. */
export interface RelayWork {
  /** From the first bytes of the provider to the first frame for the client; of a document, all of its translation. */
  readonly firstEventWorkMs: number | undefined;
  /** On all later parts together. */
  readonly relayWorkMs: number | undefined;
}

/** When a request passed each stage, in milliseconds after its arrival; undefined for a stage that it did not reach. */
interface Stages extends RelayWork {
  readonly bodyReadMs: number | undefined;
  readonly admittedMs: number | undefined;
  /** How much of the time until then it waited for other requests to end; unset where it did not. */
  readonly waitedMs?: number | undefined;
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
  /** What the usage costs at the price of the model that answered, in micro-dollars. */
  readonly costMicroDollars: number;
  /** Whose price that is. Undefined where no model was asked. */
  readonly priceBasis: TargetPrice['basis'] | undefined;
  /** Of the request, decoded. Undefined where it could not be read. */
  readonly bodyBytes: number | undefined;
  /** Why the model stopped, in the words of the Anthropic API. */
  readonly stopReason: string | undefined;
  /** The rule of the grammar of streams that the answer broke first. The client got it all the same. */
  readonly brokenRule?: string | undefined;
  readonly end: End;
  readonly outcome: Outcome;
  /** Undefined for a request whose model could not be read, or that asks none. */
  readonly route: RouteRecord | undefined;
  readonly attempts: readonly AttemptRecord[];
  readonly stages: Stages;
  readonly warnings: readonly Warning[];
  /** Set by the app where it traces requests. */
  readonly traced?: Traced | undefined;
}

/** Where a request stands in its trace, and what was said in it where that is to be told. */
interface Traced {
  readonly trace: Trace;
  readonly content: { readonly request: string; readonly answer: string } | undefined;
}

/** Usage of a request that reached no model. */
export const notMeasured: Measured = { usage: noUsage, usageSource: 'none' };

/** What is known of a request since it was admitted. */
export type Asked = Pick<
  RequestRecord,
  | 'attempts'
  | 'stages'
  | 'warnings'
  | 'usage'
  | 'usageSource'
  | 'costMicroDollars'
  | 'priceBasis'
  | 'stopReason'
  | 'brokenRule'
>;

/** What is known before anything has happened. */
export const nothingKnown: Omit<RequestRecord, 'end' | 'outcome'> = Object.freeze({
  ...notMeasured,
  costMicroDollars: 0,
  priceBasis: undefined,
  bodyBytes: undefined,
  stopReason: undefined,
  route: undefined,
  attempts: [],
  stages: Object.freeze({
    bodyReadMs: undefined,
    admittedMs: undefined,
    firstEventMs: undefined,
    endedMs: undefined,
    firstEventWorkMs: undefined,
    relayWorkMs: undefined,
  }),
  warnings: [],
});

/** The record of a request that reached no model. */
export function recordWithoutModel(end: End): RequestRecord {
  return { ...nothingKnown, end, outcome: outcomeOf(end) };
}
