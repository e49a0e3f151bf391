import { assertNever } from '@ccg/kernel';
import type { StopReason } from './block-writer.ts';
import { failStream, usageAtStart, usageSoFar } from './encoder-state.ts';
import type { EncoderState, Finish } from './encoder-state.ts';
import { addText, drain, isDone } from './segment-queue.ts';
import { textLiteral } from '../json-literal.ts';
import { emptyAnswerError, truncatedError } from './stream-errors.ts';
import { sealLateMembers } from './tool-segment.ts';
import { writeSearches } from './web-searches.ts';

/** Ends the message at the backend's terminal marker; some servers name no finish reason before it. */
export function completeAtMarker(state: EncoderState): void {
  if (state.finish === undefined && (!hasAnswer(state) || hasBegunCall(state))) truncate(state);
  else complete(state);
}

/** Ends the message at the end of the body, which alone says nothing about the answer being whole. */
export function completeAtEnd(state: EncoderState): void {
  if (state.finish === undefined) truncate(state);
  else complete(state);
}

function complete(state: EncoderState): void {
  if (state.phase !== 'open') return;
  drain(state);
  // A drained tool call may have ended the stream.
  if (!isOpen(state)) return;
  if (state.finish?.kind === 'refusal' && !hasAnswer(state)) {
    // A client shows a refusal without a word as a fault.
    addText(state, `[blocked by the content filter of the provider ${textLiteral(state.settings.provider)}]`);
    drain(state);
  }
  const { finish, wroteText, wroteToolUse, searches } = state;
  const mayBeEmpty = finish?.kind === 'length' || finish?.kind === 'refusal' || searches.length > 0;
  if (!wroteText && !wroteToolUse && !mayBeEmpty) {
    failStream(state, emptyAnswerError(state.settings.provider));
    return;
  }
  sealLateMembers(state);
  writeSearches(state);
  state.phase = 'complete';
  state.writer.begin(usageAtStart(state));
  state.writer.end({
    stopReason: stopReason(finish, wroteToolUse),
    stopSequence: finish?.kind === 'stop-sequence' && !wroteToolUse ? finish.literal : undefined,
    usage: usageSoFar(state).usage,
    webSearches: searches.length,
  });
}

function truncate(state: EncoderState): void {
  failStream(state, truncatedError(state.settings.provider), 'truncated');
}

function hasAnswer({ wroteText, wroteToolUse, queue }: EncoderState): boolean {
  return wroteText || wroteToolUse || queue.some((segment) => segment.kind === 'tool_use' && isDone(segment));
}

/** Whether there is a call of which nothing but its name came: without a finish reason its arguments may be missing. */
function hasBegunCall({ queue }: EncoderState): boolean {
  return queue.some(
    (segment) => segment.kind === 'tool_use' && !segment.call.whole && segment.call.input.scan.first === '',
  );
}

function isOpen(state: EncoderState): boolean {
  return state.phase === 'open';
}

/**
 * Derives the stop reason from what was written, not from the backend's word alone: servers say `stop` after a
 * tool call and `tool_calls` without one, and a client runs tools or gives up by this field. `length` wins over
 * everything, because it is the only sign that a tool call may have been cut.
 * @internal
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
