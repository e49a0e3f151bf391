import { isJsonObject, isText } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import type { Finish } from '../../encoder/encoder-state.ts';
import type { AnswerParts, SnapshotEncoder } from '../../encoder/filters/with-snapshots.ts';
import { citedPages } from '../../encoder/cited-pages.ts';
import { readFinishReason } from '../../encoder/finish-reasons.ts';
import type { FinishReason } from '../../encoder/finish-reasons.ts';
import { gaveUpError, malformedError } from '../../encoder/stream-errors.ts';
import { textLiteral } from '../../json-literal.ts';
import { asCount, asList, asObject, asText } from '../../json-fields.ts';
import { inBandFailure } from '../../failure/upstream-failure.ts';
import type { FailureContext } from '../../failure/tell-failure.ts';
import { isFailure, saysError } from '../../failure/says-error.ts';
import { isKnownChoice } from './known-form.ts';
import { readDelta } from './read-delta.ts';
import type { UsageMeter } from './usage.ts';

/**
 * Hands one choice to the encoder: reasoning, text, tool calls and then the finish reason, since all of them may come
 * in one chunk. A whole answer has a message instead of a delta; in a stream a message is the whole answer so far.
 */
export function readChoice(choice: JsonObject | undefined, encoder: SnapshotEncoder, context: FailureContext): void {
  // Only one choice was asked for.
  if (choice === undefined || (asCount(choice['index']) ?? 0) !== 0) return;
  const { delta, message } = choice;
  const error = [choice, delta, message].map((part) => asObject(part)?.['error']).find(saysError);
  if (error !== undefined) {
    encoder.fail(inBandFailure(error, context));
    return;
  }
  if (!isKnownChoice(choice)) {
    encoder.fail(malformedError(context.provider));
    return;
  }
  const end = endOf(choice);
  const piece = isJsonObject(delta) ? readDelta(delta, 'piece') : undefined;
  const whole = isJsonObject(message) ? readDelta(message, 'whole') : undefined;
  if (piece !== undefined) encoder.delta(piece, end.kind === 'finished');
  // Some servers put the same piece into both members.
  if (whole !== undefined && !(piece !== undefined && isSamePiece(piece, whole))) encoder.snapshot(whole);
  for (const part of [delta, message]) if (isJsonObject(part)) encoder.webPages(citedPages(part['annotations']));
  if (end.kind === 'finished') encoder.finish(end.finish);
  if (end.kind === 'gave-up') encoder.fail(gaveUpError(context.provider, end.isOverloaded));
}

/** Whether a message holds nothing but what the delta beside it holds. */
function isSamePiece(piece: AnswerParts, message: AnswerParts): boolean {
  const told = message.tools.filter(
    ({ name, input }, at) => piece.tools[at]?.name === name && piece.tools[at]?.input === input,
  );
  return (
    textOf(piece.text) === textOf(message.text) &&
    (message.thinking.length === 0 || thinkingOf(piece) === thinkingOf(message)) &&
    told.length === message.tools.length
  );
}

function thinkingOf({ thinking }: AnswerParts): string {
  return textOf(thinking.map(({ literal }) => literal));
}

function textOf(literals: readonly string[]): string {
  return literals.join('');
}

/** Usage is at the top of a chunk, in its choice (Moonshot), or in a member of Groq's. */
export function readUsage(chunk: JsonObject, meter: UsageMeter): void {
  meter.add(chunk['usage']);
  meter.add(asObject(chunk['x_groq'])?.['usage']);
  for (const choice of asList(chunk['choices'])) meter.add(asObject(choice)?.['usage']);
}

/** The chunk or answer itself if it is an error: servers that fail after they sent the status report it there. */
export function errorOf(chunk: JsonObject): JsonObject | undefined {
  if (saysError(chunk['error']) || saysError(chunk['base_resp'])) return chunk;
  if (asText(chunk['object']) === 'error') return chunk;
  return asList(chunk['choices']).length === 0 && isFailure(chunk) ? chunk : undefined;
}

/** vLLM names the stop sequence beside an ordinary stop. */
function endOf(choice: JsonObject): FinishReason {
  const end = readFinishReason(asText(choice['finish_reason']));
  return end.kind === 'finished' && end.finish.kind === 'stop' ? { kind: 'finished', finish: stop(choice) } : end;
}

/** vLLM reports the stop sequence in `stop_reason`; a number there is a token id. */
function stop(choice: JsonObject): Finish {
  const sequence = choice['stop_reason'];
  return isText(sequence) ? { kind: 'stop-sequence', literal: textLiteral(sequence) } : { kind: 'stop' };
}
