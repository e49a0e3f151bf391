import type { JsonObject } from '@ccg/wire';
import { isText } from '@ccg/wire';
import type { Finish } from '../encoder/finish.ts';
import { textLiteral } from '../encoder/text-literal.ts';
import { asText } from '../json-fields.ts';

/** What a choice says about its end: nothing yet, a reason, or that the backend gave up. */
export type ChoiceEnd =
  | { readonly kind: 'open' }
  | { readonly kind: 'finished'; readonly finish: Finish }
  | { readonly kind: 'gave-up'; readonly overloaded: boolean };

/** Reads `finish_reason`. An empty string is not an end; words nobody documented count as an ordinary stop. */
export function readFinishReason(choice: JsonObject): ChoiceEnd {
  const reason = asText(choice['finish_reason']);
  // Gemini could not write the call that it wanted to make, and says so in many words.
  if (reason !== undefined && /MALFORMED_FUNCTION_CALL|UNEXPECTED_TOOL_CALL/u.test(reason)) {
    return { kind: 'gave-up', overloaded: false };
  }
  switch (reason) {
    case undefined:
    case '':
      return { kind: 'open' };
    case 'length':
    case 'model_length':
    case 'max_tokens':
    case 'repetition_truncation':
      return { kind: 'finished', finish: { kind: 'length' } };
    case 'content_filter':
      return { kind: 'finished', finish: { kind: 'refusal' } };
    case 'error':
    case 'abort':
      return { kind: 'gave-up', overloaded: false };
    case 'insufficient_system_resource':
      return { kind: 'gave-up', overloaded: true };
    default:
      return { kind: 'finished', finish: stop(choice) };
  }
}

/** vLLM names the sequence that it stopped at in `stop_reason`; a number there is a token id. */
function stop(choice: JsonObject): Finish {
  const sequence = choice['stop_reason'];
  return isText(sequence) ? { kind: 'stop-sequence', literal: textLiteral(sequence) } : { kind: 'stop' };
}
