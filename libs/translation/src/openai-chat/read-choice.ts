import { GatewayError } from '@ccg/kernel';
import type { JsonObject } from '@ccg/wire';
import type { Encoder } from '../encoder/encoder.ts';
import { asCount, asList, asObject } from '../json-fields.ts';
import { inBandFailure } from './failure.ts';
import type { FailureContext } from './failure.ts';
import { readFinishReason } from './finish-reason.ts';
import { readDelta } from './read-delta.ts';
import type { UsageMeter } from './usage.ts';

/**
 * Hands one choice to the encoder: reasoning, text, tool calls and only then the finish reason, since all of them
 * may come in one chunk. Whole answers have the message where chunks have a delta.
 */
export function readChoice(choice: JsonObject | undefined, encoder: Encoder, context: FailureContext): void {
  // Only one choice was asked for.
  if (choice === undefined || (asCount(choice['index']) ?? 0) !== 0) return;
  const { error = null } = choice;
  if (error !== null) {
    encoder.fail(inBandFailure(error, context));
    return;
  }
  const piece = asObject(choice['delta']);
  const delta = piece === undefined ? readDelta(asObject(choice['message']) ?? {}, 'whole') : readDelta(piece, 'piece');
  for (const { literal, origin } of delta.thinking) encoder.thinking(literal, origin);
  encoder.reasoningDetails(delta.details);
  for (const literal of delta.text) encoder.text(literal);
  for (const fragment of delta.tools) encoder.toolCall(fragment);
  const end = readFinishReason(choice);
  if (end.kind === 'finished') encoder.finish(end.finish);
  if (end.kind === 'gave-up') encoder.fail(gaveUp(end.overloaded, context));
}

/** Usage stands at the top of a chunk, in its choice (Moonshot), or in Groq's own member. */
export function readUsage(chunk: JsonObject, meter: UsageMeter): void {
  meter.add(chunk['usage']);
  meter.add(asObject(chunk['x_groq'])?.['usage']);
  for (const choice of asList(chunk['choices'])) meter.add(asObject(choice)?.['usage']);
}

function gaveUp(overloaded: boolean, { provider }: FailureContext): GatewayError {
  return new GatewayError(
    overloaded ? 'upstream-overloaded' : 'upstream-failed',
    `The provider "${provider}" gave up in the middle of its answer. Try again.`,
  );
}
