import type { Finish } from './encoder-state.ts';

/** What a backend's reason to stop means, whatever the dialect. */
export type FinishReason =
  /** There is none yet. */
  | { readonly kind: 'open' }
  | { readonly kind: 'finished'; readonly finish: Finish }
  /** The answer is not what the model would have written. */
  | { readonly kind: 'gave-up'; readonly isOverloaded: boolean };

/** Servers write the same reason in other cases, with other separators, and Gemini's with the name of the list. */
function normalised(reason: string): string {
  return reason
    .trim()
    .replaceAll(/(?<=[a-z])(?=[A-Z])|[-\s.:]+/gu, '_')
    .toLowerCase()
    .replace(/^(?:finish|stop)_?reason_(?!unspecified)/u, '');
}

const notFailures = /^(?:no_?(?:error|failure)|success|none)$/u;
const overloads = /insufficient_system_resource|overload|unavailable|capacity|out_of_memory/u;
const failures =
  /err(?:or)?(?:_|$)|fail|abort|cancel|time_?d?_?out|(?<!no_)interrupt|network|disconnect|connection|malformed|unexpected_tool|too_many_tool|missing_thought|exception|crash|killed|evict|preempt/u;
const lengths =
  /^(?:.*_)?length(?:_.*)?$|max(?:imum)?_(?:\w+_)?tokens?|token_?limit|limit_reached|truncat|context_window|incomplete|^continuation$/u;
const refusals =
  /content_?filter|filtered|safety|sensitive|refus|recitation|blocklist|blocked|prohibited|^spii$|^language$|model_armor|policy|guardrail|moderat|^image_/u;

/**
 * Reads a reason by what it says, not by an exact word. What says that something failed is no end of an answer. Unknown
 * reasons count as an ordinary stop.
 */
export function readFinishReason(reason: string | undefined): FinishReason {
  const name = normalised(reason ?? '');
  if (name === '' || name === 'null') return { kind: 'open' };
  if (overloads.test(name)) return { kind: 'gave-up', isOverloaded: true };
  if (!notFailures.test(name) && failures.test(name)) return { kind: 'gave-up', isOverloaded: false };
  // The server cut a loop of the model.
  if (lengths.test(name) || name === 'repetition_truncation') return { kind: 'finished', finish: { kind: 'length' } };
  return { kind: 'finished', finish: { kind: refusals.test(name) ? 'refusal' : 'stop' } };
}
