import { writeJson } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import { failStream, usageAtStart } from './encoder-state.ts';
import type { EncoderState, Segment, TextSegment, ThinkingSegment } from './encoder-state.ts';
import { isBlank } from '../json-literal.ts';
import { contradictionError, malformedError } from './stream-errors.ts';
import type { ToolCall, ToolFragment } from './tool-calls.ts';
import { isVacant } from './tool-input.ts';
import { closeTool, failBrokenTool, writeTool } from './tool-segment.ts';

/** How much may wait behind an unfinished tool call. */
const heldMaxBytes = 16 * 1024 * 1024;

export function addText(state: EncoderState, literal: string): void {
  if (state.phase !== 'open' || literal === '') return;
  const last = state.queue.at(-1);
  if (last?.kind === 'text') append(state, last, literal);
  else {
    const segment: TextSegment = { kind: 'text', opened: false, held: [] };
    state.queue.push(segment);
    append(state, segment, literal);
  }
}

export function addThinking(state: EncoderState, literal: string, origin: string): void {
  if (state.phase !== 'open' || literal === '') return;
  const segment = lastThinking(state) ?? pushThinking(state, false);
  if (segment.origin === '') segment.origin = origin;
  append(state, segment, literal);
}

export function addDetails(state: EncoderState, details: readonly JsonObject[]): void {
  if (state.phase !== 'open' || details.length === 0) return;
  const segment = lastThinking(state) ?? pushThinking(state, false);
  segment.details.push(...details);
  hold(state, writeJson([...details]).length);
  advance(state);
}

export function addSignature(state: EncoderState, literal: string): void {
  const segment = lastThinking(state);
  if (state.phase !== 'open' || segment === undefined) return;
  segment.signature = literal;
  hold(state, literal.length);
}

export function addRedacted(state: EncoderState, literal: string): void {
  if (state.phase !== 'open') return;
  pushThinking(state, true).signature = literal;
  hold(state, literal.length);
  advance(state);
}

export function addToolFragment(state: EncoderState, fragment: ToolFragment): void {
  if (state.phase !== 'open') return;
  queueCalls(state, state.toolCalls.add(fragment));
  const length = fragment.input?.length ?? 0;
  state.writtenBytes += length;
  hold(state, fragment.members === undefined ? length : length + writeJson(fragment.members).length);
  advance(state);
}

/** Takes all calls of the answer, of which the stream may have told some or all before. */
export function addWholeCalls(state: EncoderState, calls: readonly ToolFragment[]): void {
  if (state.phase !== 'open' || calls.length === 0) return;
  const missing = state.toolCalls.complete(calls);
  if (missing === undefined) failStream(state, contradictionError(state.settings.provider));
  else queueCalls(state, missing);
  hold(
    state,
    calls.reduce((sum, { input = '' }) => sum + input.length, 0),
  );
  advance(state);
}

function queueCalls(state: EncoderState, calls: readonly ToolCall[]): void {
  for (const call of calls) {
    if (!state.seenCalls.has(call)) {
      state.seenCalls.add(call);
      state.queue.push({ kind: 'tool_use', call, opened: false, written: 0 });
    }
    if (call.input.scan.broken) failBrokenTool(state, call.name);
  }
}

/**
 * Closes all segments in order. A call that is not visible yet is checked before any of it is written.
 */
export function drain(state: EncoderState): void {
  queueCalls(state, state.toolCalls.settle());
  for (let [head] = state.queue; head !== undefined && state.phase === 'open'; [head] = state.queue) {
    if (endsHidden(state, head)) state.queue.shift();
    else closeHead(state, head);
  }
}

/**
 * Whether a segment would end the answer, behind its text, with a block that shows nothing. Claude Code shows nothing of
 * such an answer. Backends need their state back for the sake of calls, and here is none.
 */
function endsHidden({ queue, wroteText, wroteToolUse }: EncoderState, segment: Segment): boolean {
  return (
    queue.length === 1 &&
    wroteText &&
    !wroteToolUse &&
    segment.kind === 'thinking' &&
    !segment.opened &&
    !segment.redacted &&
    segment.held.every(isBlank)
  );
}

/** Whether a segment can end here. */
export function isDone(segment: Segment): boolean {
  return segment.kind !== 'tool_use' || (segment.call.name !== '' && segment.call.input.scan.complete);
}

/** Whether nothing of a segment can come any more. An empty object may only hold the place of the arguments. */
function isSettled(segment: Segment): boolean {
  if (segment.kind !== 'tool_use' || segment.call.whole) return isDone(segment);
  return isDone(segment) && segment.call.next === undefined && !isVacant(segment.call.input);
}

/** Writes what can be written, and closes the first segment when another waits behind it. */
function advance(state: EncoderState): void {
  while (state.phase === 'open') {
    const [head] = state.queue;
    if (head === undefined) return;
    write(state, head);
    if (state.queue.length === 1 || !isSettled(head)) return;
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
    if (segment.kind === 'text') closeText(state, segment);
    else closeThinking(state, segment);
  }
  state.queue.shift();
}

function lastThinking({ queue }: EncoderState): ThinkingSegment | undefined {
  const last = queue.at(-1);
  return last?.kind === 'thinking' && !last.redacted ? last : undefined;
}

function pushThinking({ queue }: EncoderState, redacted: boolean): ThinkingSegment {
  const segment: ThinkingSegment = {
    kind: 'thinking',
    opened: false,
    held: [],
    origin: '',
    details: [],
    signature: undefined,
    redacted,
  };
  queue.push(segment);
  return segment;
}

function append(state: EncoderState, segment: TextSegment | ThinkingSegment, literal: string): void {
  state.writtenBytes += literal.length;
  if (segment.opened) {
    // The common event: one more delta of the block that is open.
    state.writer.delta(literal);
    return;
  }
  segment.held.push(literal);
  hold(state, literal.length);
  advance(state);
}

function hold(state: EncoderState, length: number): void {
  state.heldCharacters += length;
  if (state.heldCharacters > heldMaxBytes) failStream(state, malformedError(state.settings.provider));
}

/**
 * Opens the block and writes what was held. White space alone opens no block: the Anthropic API refuses such a
 * block when it comes back as history.
 */
function writeText(state: EncoderState, segment: TextSegment | ThinkingSegment): void {
  if (segment.opened || segment.held.every(isBlank)) return;
  segment.opened = true;
  state.writer.begin(usageAtStart(state));
  state.writer.openText(segment.kind);
  if (segment.kind === 'text') state.wroteText = true;
  state.writer.delta(segment.held.join(''));
  segment.held = [];
}

/** Text that is still held at the end is white space. */
function closeText(state: EncoderState, segment: TextSegment): void {
  if (segment.opened) state.writer.close();
}

/** Signs the block. Reasoning that the backend does not show becomes a redacted block. */
function closeThinking(state: EncoderState, segment: ThinkingSegment): void {
  const { opened, redacted, details, signature } = segment;
  if (opened) state.writer.closeThinking(signature ?? state.settings.sign(segment));
  else if (redacted || details.length > 0) {
    state.writer.begin(usageAtStart(state));
    state.writer.redacted(signature ?? state.settings.sign(segment));
  }
}
