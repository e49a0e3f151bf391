import { failStream } from './encoder-state.ts';
import type { EncoderState } from './encoder-state.ts';
import type { Segment } from './segment.ts';
import { malformedError } from './stream-errors.ts';
import { closeText, writeText } from './text-segment.ts';
import type { ToolFragment } from './tool-calls.ts';
import { closeTool, failBrokenTool, writeTool } from './tool-segment.ts';

/** What may be held back behind an unfinished tool call, in bytes. */
const heldMaxBytes = 16 * 1024 * 1024;

export function addText(state: EncoderState, kind: 'text' | 'thinking', literal: string): void {
  if (state.phase !== 'open' || literal === '') return;
  const last = state.queue.at(-1);
  if (last?.kind !== kind) state.queue.push({ kind, opened: false, held: [literal] });
  else if (last.opened) {
    // The common event: one more delta of the block that is open.
    state.writer.delta(literal);
    return;
  } else last.held.push(literal);
  hold(state, literal);
  advance(state);
}

export function addToolFragment(state: EncoderState, fragment: ToolFragment): void {
  if (state.phase !== 'open') return;
  const call = state.toolCalls.add(fragment);
  if (!state.seenCalls.has(call)) {
    state.seenCalls.add(call);
    state.queue.push({ kind: 'tool_use', call, opened: false, written: 0 });
  }
  hold(state, fragment.input ?? '');
  if (call.input.scan.broken) failBrokenTool(state, call.name);
  advance(state);
}

/**
 * Closes all that is left, in order. A call that was not visible yet is judged before any of it is written.
 */
export function drain(state: EncoderState): void {
  for (let [head] = state.queue; head !== undefined && state.phase === 'open'; [head] = state.queue) {
    closeHead(state, head);
  }
}

/** Whether a segment needs nothing more from the backend. */
export function isDone(segment: Segment): boolean {
  return segment.kind !== 'tool_use' || (segment.call.name !== '' && segment.call.input.scan.complete);
}

/** Writes what can be written, and closes the first segment when another waits behind it. */
function advance(state: EncoderState): void {
  while (state.phase === 'open') {
    const [head] = state.queue;
    if (head === undefined) return;
    write(state, head);
    if (state.queue.length === 1 || !isDone(head)) return;
    closeHead(state, head);
  }
}

function write(state: EncoderState, segment: Segment): void {
  if (segment.kind === 'tool_use') writeTool(state, segment);
  else writeText(state, segment);
}

function closeHead(state: EncoderState, segment: Segment): void {
  if (segment.kind === 'tool_use') closeTool(state, segment);
  else {
    writeText(state, segment);
    closeText(state, segment);
  }
  state.queue.shift();
}

function hold(state: EncoderState, literal: string): void {
  state.heldCharacters += literal.length;
  if (state.heldCharacters > heldMaxBytes) failStream(state, malformedError(state.settings.provider));
}
