import { changedError } from '@ccg/kernel';
import type { GatewayError } from '@ccg/kernel';
import { bytesToString, decodeByteString, writeJson } from '@ccg/wire';
import type { JsonValue } from '@ccg/wire';
import type { PromptSize, UpstreamAnswer, UpstreamFailure } from '../translation.ts';
import { readFailure } from './read-failure.ts';
import type { FailureReading } from './read-failure.ts';
import { remedyFor } from './remedy.ts';
import type { SentParts } from './remedy.ts';
import { shorterAnswer } from './shorter-answer.ts';
import { tellFailure } from './tell-failure.ts';
import type { FailureContext } from './tell-failure.ts';
import type { UpstreamCause } from './upstream-cause.ts';

/** A failure with its cause, and whether to send the request again. */
export interface CausedFailure extends UpstreamFailure {
  readonly cause: UpstreamCause;
}

/** Reads why a request failed. A second try is shorter, or without what the server rejects. */
export function readUpstreamFailure(upstream: UpstreamAnswer, context: FailureContext, sent: SentParts): CausedFailure {
  const reading = withRoom(readHttpFailure(upstream), context, sent);
  const { cause } = reading;
  return { error: tellFailure(reading, context), cause, retry: remedyFor(cause, sent, context.at) };
}

/** An answer whose status is not 2xx. */
export function readHttpFailure({ status, headers, body }: UpstreamAnswer): FailureReading {
  return readFailure({ status, headers, body: decodeByteString(bytesToString(body)) });
}

/** What an upstream says in such an answer, as it stands there: it may quote a credential or the prompt. */
export function ownWordsOf(upstream: UpstreamAnswer): string | undefined {
  return readHttpFailure(upstream).message;
}

/** What an upstream calls such a failure, where it is a name of its own. */
export function codeOf(upstream: UpstreamAnswer): string | undefined {
  return readHttpFailure(upstream).name;
}

/** An error that came inside an answer with status 200: a whole body, an event, or an `error` member of one. */
export function readInBandFailure(value: JsonValue, status = 200): FailureReading {
  return readFailure({ status, headers: [], body: decodeByteString(writeJson(value)) });
}

export function inBandFailure(value: JsonValue, context: FailureContext): GatewayError {
  const reading = readInBandFailure(value);
  context.onFailureInside?.(reading);
  return changedError(tellFailure(reading, context), { upstreamCode: reading.name });
}

/** Remembers the last failure inside of an answer, and says how to send the request again after it. */
export function watchFailures(
  context: FailureContext,
  sent: SentParts,
): { readonly watched: FailureContext; retry(this: void, at: PromptSize): UpstreamFailure['retry'] } {
  let last: FailureReading | undefined;
  return {
    watched: {
      ...context,
      onFailureInside(reading) {
        last = reading;
      },
    },
    retry(at) {
      if (last === undefined) return { kind: 'none' };
      return remedyFor(withRoom(last, { ...context, at }, sent).cause, sent, at);
    },
  };
}

/** Where no useful answer fits beside the prompt, it is the prompt that is too long, or the account that is empty. */
function withRoom(reading: FailureReading, { at }: FailureContext, { maxTokens }: SentParts): FailureReading {
  const { cause } = reading;
  if (cause.kind !== 'answer-too-long' || shorterAnswer(cause, maxTokens, at) !== undefined) return reading;
  if (reading.status === 402) return { ...reading, cause: { kind: 'account-empty', resetsAt: undefined } };
  const { promptTokens, totalTokens, windowTokens, limitOf } = cause;
  if (windowTokens === undefined && totalTokens === undefined) return reading;
  return { ...reading, cause: { kind: 'overflow', promptTokens: promptTokens ?? totalTokens, windowTokens, limitOf } };
}
