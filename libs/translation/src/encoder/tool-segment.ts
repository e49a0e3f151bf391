import { decodeText, RawText } from '@ccg/wire';
import { failStream } from './encoder-state.ts';
import type { EncoderState } from './encoder-state.ts';
import type { ToolSegment } from './segment.ts';
import { brokenToolCallError } from './stream-errors.ts';
import { isStreamable, judgeToolInput } from './tool-input.ts';

/** Writes the arguments that have come, opening the block with the first of them. */
export function writeTool(state: EncoderState, segment: ToolSegment): void {
  const { call } = segment;
  if (!segment.opened && (call.name === '' || !isStreamable(call.input))) return;
  open(state, segment);
  state.writer.delta(call.input.pieces.slice(segment.written).join(''));
  segment.written = call.input.pieces.length;
}

/** Closes a call that will get no more arguments. */
export function closeTool(state: EncoderState, segment: ToolSegment): void {
  const { call } = segment;
  // A call that was never named cannot be made; if it was all there is, the answer counts as empty.
  if (call.name === '') return;
  const verdict = judgeToolInput(call.input);
  if (verdict.kind === 'invalid' || (verdict.kind === 'empty' && wasCut(state))) {
    closeUnfinished(state, segment);
    return;
  }
  if (segment.opened) writeTool(state, segment);
  else {
    open(state, segment);
    state.writer.delta(verdict.kind === 'empty' ? '{}' : verdict.literal);
  }
  state.writer.close();
}

export function failBrokenTool(state: EncoderState, name: string): void {
  failStream(state, brokenToolCallError(state.settings.provider, decodeText(new RawText(name, 0, name.length))));
}

/**
 * The client executes a tool as soon as its block has stopped, so a call with unfinished arguments ends the stream
 * with an error. One that the token limit cut is told as the Anthropic API tells it: the arguments stop where they
 * stop and the stop reason is `max_tokens`; they are no JSON object then, so they cannot be executed. Nothing is
 * shown of a cut call that was not visible yet.
 */
function closeUnfinished(state: EncoderState, segment: ToolSegment): void {
  // Arguments that came to their end were not cut, whatever is wrong with them.
  if (!wasCut(state) || segment.call.input.scan.complete) {
    failBrokenTool(state, segment.call.name);
    return;
  }
  state.finish = { kind: 'length' };
  if (!segment.opened) return;
  writeTool(state, segment);
  state.writer.closeCut();
  // As at Anthropic, nothing follows what was cut.
  state.queue.length = 0;
}

/** Some servers say `tool_calls` although the token limit cut the call. */
function wasCut({ finish, settings: { maxTokens }, usage }: EncoderState): boolean {
  if (finish?.kind === 'length') return true;
  return finish !== undefined && maxTokens !== undefined && maxTokens > 0 && usage.outputTokens >= maxTokens;
}

function open(state: EncoderState, segment: ToolSegment): void {
  if (segment.opened) return;
  segment.opened = true;
  state.wroteToolUse = true;
  state.writer.begin(state.usage);
  state.writer.openTool({ id: uniqueId(state, segment.call.id), name: segment.call.name });
}

/** The client drops the second call of one id without a word. */
function uniqueId({ usedIds, settings }: EncoderState, id: string): string {
  const unique = id === '' || usedIds.has(id) ? settings.ids.toolUseId() : id;
  usedIds.add(unique);
  return unique;
}
