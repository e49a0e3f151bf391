import { assertNever } from '@ccg/kernel';
import type { Finish } from './finish.ts';

/** The values of `stop_reason` that a translated answer can have. */
export type StopReason = 'end_turn' | 'max_tokens' | 'tool_use' | 'refusal' | 'stop_sequence';

/**
 * Derives the stop reason from what was written, not from the backend's word alone: servers say `stop` after a
 * tool call and `tool_calls` without one, and a client runs tools or gives up by this field. `length` wins over
 * everything, because it is the only sign that a tool call may have been cut.
 */
export function stopReason(finish: Finish | undefined, wroteToolUse: boolean): StopReason {
  if (finish?.kind === 'length') return 'max_tokens';
  if (wroteToolUse) return 'tool_use';
  if (finish === undefined) return 'end_turn';
  switch (finish.kind) {
    case 'stop':
      return 'end_turn';
    case 'refusal':
      return 'refusal';
    case 'stop-sequence':
      return 'stop_sequence';
    default:
      return assertNever(finish);
  }
}
