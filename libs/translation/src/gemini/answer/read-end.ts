import { GatewayError } from '@ccg/kernel';
import { isEmptyText, isText } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import type { Encoder } from '../../encoder/encoder.ts';
import { readFinishReason } from '../../encoder/finish-reasons.ts';
import { gaveUpError } from '../../encoder/stream-errors.ts';
import type { FailureContext } from '../../failure/tell-failure.ts';
import { asObject, asText } from '../../json-fields.ts';
import { textLiteral } from '../../json-literal.ts';

/** Why an answer ends, if it does. */
export function readEnd(candidate: JsonObject, hasText: boolean, encoder: Encoder, { provider }: FailureContext): void {
  const reason = asText(candidate['finishReason']) ?? '';
  const end = readFinishReason(reason);
  // Its documentation says: stopped for unknown reasons.
  if (/^(?:finish_?reason_?)?other$/iu.test(reason)) encoder.fail(gaveUpError(provider));
  else if (end.kind === 'gave-up' && ofCalls.test(reason)) {
    const text = `The model at the provider "${provider}" wrote a tool call that cannot be made (${reason}). Try again.`;
    // Nothing was said yet, so that another try is all that a client needs.
    encoder.fail(new GatewayError(hasText ? 'upstream-failed' : 'upstream-overloaded', text));
  } else if (end.kind === 'gave-up') encoder.fail(gaveUpError(provider, end.isOverloaded));
  else if (end.kind === 'finished' && end.finish.kind === 'refusal') {
    refuse(reason, candidate['finishMessage'], hasText, encoder);
  } else if (end.kind === 'finished') encoder.finish(end.finish);
}

const ofCalls = /malformed|unexpected|too_?many|missing/iu;

/** A prompt that was blocked gets no answer at all. */
export function readBlocked(feedback: JsonValue | undefined, encoder: Encoder): void {
  const object = asObject(feedback);
  const reason = asText(object?.['blockReason']) ?? '';
  if (reason !== '' && !reason.endsWith('_UNSPECIFIED')) refuse(reason, object?.['blockReasonMessage'], false, encoder);
}

/** A client shows a refusal without a word as a fault, so the reason is told as text. */
function refuse(reason: string, message: JsonValue | undefined, isAfterText: boolean, encoder: Encoder): void {
  const said = isText(message) && !isEmptyText(message) ? `: ${textLiteral(message)}` : '';
  encoder.text(`${isAfterText ? '\\n\\n' : ''}[blocked by Gemini: ${textLiteral(reason)}${said}]`);
  encoder.finish({ kind: 'refusal' });
}
