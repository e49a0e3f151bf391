import { encodeText, readJson, RawJson, writeJson } from '@ccg/wire';
import type { JsonValue } from '@ccg/wire';
import { asObject, asText } from '../json-fields.ts';
import { failStream, usageAtStart } from './encoder-state.ts';
import type { EncoderState, ToolSegment, WrittenCall } from './encoder-state.ts';
import { decodeLiteral, textLiteral, jsonLiteral } from '../json-literal.ts';
import { brokenToolCallError } from './stream-errors.ts';
import type { ToolCall } from './tool-calls.ts';
import { isStreamable, isVacant, judgeToolInput } from './tool-input.ts';

/** Writes the arguments that have arrived. The first of them open the block. */
export function writeTool(state: EncoderState, segment: ToolSegment): void {
  const { call } = segment;
  if (!segment.opened && !canOpen(state, call)) return;
  open(state, segment);
  state.writer.delta(call.input.pieces.slice(segment.written).join(''));
  segment.written = call.input.pieces.length;
}

/** Whether a call can be shown before its arguments have ended. One whose id was written already may be that call again. */
function canOpen(state: EncoderState, { id, name, input }: ToolCall): boolean {
  return name !== '' && isStreamable(input) && !isWrapper(state, name) && !state.repeatedCalls.hasId(id);
}

/** Closes a call whose arguments have ended. */
export function closeTool(state: EncoderState, segment: ToolSegment): void {
  const { call } = segment;
  const verdict = judgeToolInput(call.input);
  // A call without a name cannot be made. Arguments without a name are the rest of one whose beginning was lost.
  if (call.name === '' && (isVacant(call.input) || verdict.kind === 'object')) {
    if (!isVacant(call.input)) failBrokenTool(state, '');
    return;
  }
  if (verdict.kind === 'invalid' || (verdict.kind === 'empty' && wasCut(state))) {
    closeUnfinished(state, segment);
    return;
  }
  if (!segment.opened && state.repeatedCalls.isAgain(call)) return;
  const wrapped =
    verdict.kind === 'object' && isWrapper(state, call.name) ? readWrapper(state, verdict.literal) : undefined;
  if (wrapped !== undefined) writeWhole(state, wrapped);
  else if (segment.opened) writeTool(state, segment);
  else {
    open(state, segment);
    state.writer.delta(verdict.kind === 'empty' ? '{}' : verdict.literal);
  }
  if (wrapped === undefined) state.writer.close();
}

function writeWhole(state: EncoderState, calls: readonly WrappedCall[]): void {
  for (const { name, inputLiteral } of calls) {
    openCall(state, '', name);
    state.writer.delta(inputLiteral);
    state.writer.close();
  }
}

export function failBrokenTool(state: EncoderState, name: string): void {
  failStream(state, brokenToolCallError(state.settings.provider, decodeLiteral(name)));
}

/**
 * The client executes a tool as soon as its block has stopped, so a call with unfinished arguments ends the stream
 * with an error. A call that the token limit cut ends as at the Anthropic API: the arguments stop where they
 * stop and the stop reason is `max_tokens`; they are no JSON object then, so they cannot be executed. Nothing is
 * written of a cut call that was not visible yet.
 */
function closeUnfinished(state: EncoderState, segment: ToolSegment): void {
  // Arguments that are complete were not cut, whatever is wrong with them.
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
  return finish !== undefined && maxTokens !== undefined && maxTokens > 0 && (usage?.outputTokens ?? 0) >= maxTokens;
}

function open(state: EncoderState, segment: ToolSegment): void {
  if (segment.opened) return;
  segment.opened = true;
  state.repeatedCalls.add(segment.call);
  openCall(state, segment.call.id, segment.call.name, segment.call);
}

function openCall(state: EncoderState, id: string, name: string, call?: ToolCall): void {
  state.wroteToolUse = true;
  state.writer.begin(usageAtStart(state));
  const tool = { id: clientId(state, id), name: clientName(state, name) };
  // Before the call, as reasoning is: so it is part of every history that has the call.
  if (call !== undefined) sealMembers(state, { call, id: tool.id, sealed: undefined });
  state.writer.openTool(tool);
}

/** Seals what the backend wants back with the call into a block of its own. What came after that is left for the end. */
function sealMembers(state: EncoderState, { call, id, sealed }: WrittenCall): void {
  const { members } = call;
  const data = members === undefined || members === sealed ? '' : state.settings.sealCall(decodeLiteral(id), members);
  if (data !== '') state.writer.redacted(data);
  state.writtenCalls.set(call, { call, id, sealed: members });
}

/** Seals the members that came after the beginning of their calls. */
export function sealLateMembers(state: EncoderState): void {
  for (const written of state.writtenCalls.values()) sealMembers(state, written);
}

/**
 * The call's id if it is new to the conversation, else a new one: the client ignores a second call with the same id, and
 * finds the wrong result for it later.
 */
function clientId({ usedIds, settings: { tools, ids } }: EncoderState, id: string): string {
  const isNew = (candidate: string) => !usedIds.has(candidate) && !tools.isUsed(candidate);
  let unique = tools.id(decodeLiteral(id));
  if (unique === undefined || !isNew(unique)) {
    const made = ids.toolUseId();
    unique = made;
    for (let more = 2; !isNew(unique); more += 1) unique = `${made}_${more}`;
  }
  usedIds.add(unique);
  return textLiteral(unique);
}

function clientName({ settings: { tools } }: EncoderState, name: string): string {
  return textLiteral(tools.name(decodeLiteral(name)));
}

/** One call inside of another. Texts are contents of JSON string literals. */
interface WrappedCall {
  readonly name: string;
  readonly inputLiteral: string;
}

const wrapperNames: ReadonlySet<string> = new Set(['multi_tool_use.parallel', 'parallel']);

/** Whether this is the tool that OpenAI's models sometimes invent to hold several calls. `name` is a literal. */
function isWrapper({ settings: { tools } }: EncoderState, name: string): boolean {
  if (tools.isDeclared(name)) return false;
  // In the history its name has a form that the backend accepts, and the model may repeat that.
  return wrapperNames.has(name) || wrapperNames.has(tools.name(decodeLiteral(name)));
}

/** The calls in the wrapper's arguments, or undefined unless all of them are calls of the client's tools. */
function readWrapper(state: EncoderState, literal: string): readonly WrappedCall[] | undefined {
  const input = asObject(readJson(encodeText(decodeLiteral(literal)), { rawKeys: new Set(['parameters']) }));
  const uses = input?.['tool_uses'];
  if (!Array.isArray(uses) || uses.length === 0) return undefined;
  const calls = uses.map((use) => readUse(state, use));
  return calls.every((call) => call !== undefined) ? calls : undefined;
}

function readUse({ settings: { tools } }: EncoderState, use: JsonValue): WrappedCall | undefined {
  const { recipient_name: recipient, parameters = {} } = asObject(use) ?? {};
  const name = tools.name(asText(recipient) ?? '');
  const json = parameters instanceof RawJson || asObject(parameters) !== undefined ? writeJson(parameters) : '';
  if (!tools.isDeclared(name) || !json.startsWith('{')) return undefined;
  return { name: textLiteral(name), inputLiteral: jsonLiteral(json) };
}
