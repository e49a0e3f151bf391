import { GatewayError } from '@ccg/kernel';
import { isEmptyText, isText } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import type { Encoder } from '../../encoder/encoder.ts';
import type { FailureContext } from '../../failure/tell-failure.ts';
import { asObject, asText } from '../../json-fields.ts';
import { textLiteral } from '../../json-literal.ts';

/** Why an answer ends, if it does. Unknown reasons count as an ordinary stop. */
export function readEnd(candidate: JsonObject, hasText: boolean, encoder: Encoder, { provider }: FailureContext): void {
  const reason = asText(candidate['finishReason']) ?? '';
  switch (reason) {
    case '':
      return;
    case 'MAX_TOKENS':
    // A long answer would go on in another request.
    case 'CONTINUATION':
      encoder.finish({ kind: 'length' });
      return;
    case 'SAFETY':
    case 'RECITATION':
    case 'BLOCKLIST':
    case 'PROHIBITED_CONTENT':
    case 'SPII':
    case 'LANGUAGE':
    case 'MODEL_ARMOR':
      refuse(reason, candidate['finishMessage'], hasText, encoder);
      return;
    case 'MALFORMED_FUNCTION_CALL':
    case 'UNEXPECTED_TOOL_CALL':
    case 'TOO_MANY_TOOL_CALLS':
    case 'MISSING_THOUGHT_SIGNATURE':
    case 'MALFORMED_RESPONSE': {
      const text = `The model at the provider "${provider}" wrote a tool call that cannot be made (${reason}). Try again.`;
      // Nothing was said yet, so that another try is all that a client needs.
      encoder.fail(new GatewayError(hasText ? 'upstream-failed' : 'upstream-overloaded', text));
      return;
    }
    default:
      if (reason.startsWith('IMAGE_')) refuse(reason, candidate['finishMessage'], hasText, encoder);
      else encoder.finish({ kind: 'stop' });
  }
}

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
