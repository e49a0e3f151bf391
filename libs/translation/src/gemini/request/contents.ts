import { isEmptyText, isJsonObject, isText, joinTexts } from '@ccg/wire';
import type { JsonObject, JsonText, JsonValue } from '@ccg/wire';
import { argumentsObject } from '../../history/calls-as-text.ts';
import { limitMedia } from '../../history/limit-media.ts';
import type { MediaCounts } from '../../history/limit-media.ts';
import { pairToolResults } from '../../history/pair-tool-results.ts';
import type { HistoryCall } from '../../history/pair-tool-results.ts';
import { placeSystemTurns } from '../../history/place-system-turns.ts';
import { searchResultText } from '../../history/tool-result.ts';
import { emptyHistoryError, instructionTexts, leftOutText, mergeTurns, readTurns } from '../../history/turns.ts';
import type { HistoryBlock } from '../../history/history-block.ts';
import { asList, asText } from '../../json-fields.ts';
import { pastReasoning, systemMessages } from '../../request/requested-thinking.ts';
import { sealedMembers } from '../../tools/call-state.ts';
import { callName } from '../../tools/tool-names.ts';
import { openThoughts } from '../thought-state.ts';
import type { ConversionContext } from './conversion-context.ts';
import { callId, convertMedia, functionResponse, strayResultText } from './media.ts';

export interface Conversation {
  readonly systemInstruction: JsonObject | undefined;
  readonly contents: readonly JsonObject[];
  /** Whether signatures of the server's own are in it. */
  readonly isSigned: boolean;
  readonly counts: MediaCounts;
}

interface Content extends JsonObject {
  readonly role: 'user' | 'model';
  readonly parts: JsonObject[];
}

/** The instructions of a request, then `line`, and its history. A conversation begins with the user. */
export function convertConversation(
  body: JsonObject,
  line: JsonText | undefined,
  context: ConversionContext,
): Conversation {
  const { capabilities, rejected, warnings } = context;
  const told = [...instructionTexts(body['system']), ...(line === undefined ? [] : [line])];
  const instruction = told.length === 0 ? undefined : textPart(joinTexts(told, '\n\n'));
  const { messages, counts } = limited(asList(body['messages']), context);
  const turns = placeSystemTurns(readTurns(messages), 'reminder', warnings);
  const contents: Content[] = [];
  const signed: Signed = { count: 0 };
  let afterResults = false;
  for (const step of pairToolResults(mergeTurns(turns), warnings)) {
    switch (step.kind) {
      case 'results': {
        const attached: JsonObject[] = [];
        const responses = step.results.map(({ call, result }) => functionResponse(call, result, attached, context));
        contents.push({ role: 'user', parts: responses });
        say(contents, attached, context);
        break;
      }
      case 'assistant': {
        const parts = modelParts(step.blocks, step.calls, signed, context);
        if (parts.length > 0) contents.push({ role: 'model', parts });
        break;
      }
      case 'user':
      case 'system': {
        const parts = step.blocks.flatMap((block) => userParts(block, context));
        // Without a user turn two answers would be neighbours.
        const leftOut = parts.length > 0 || afterResults ? undefined : leftOutText(step.blocks);
        say(contents, leftOut === undefined ? parts : userParts(leftOut, context), context);
        break;
      }
    }
    afterResults = step.kind === 'results';
  }
  if (contents.length === 0) throw emptyHistoryError();
  if (contents[0]?.role === 'model') contents.unshift({ role: 'user', parts: [textPart(opening)] });
  const isApart = capabilities.systemInstruction && !rejected.forms.has(systemMessages);
  if (instruction !== undefined && !isApart) contents[0]?.parts.unshift(instruction);
  return {
    systemInstruction: instruction !== undefined && isApart ? { parts: [instruction] } : undefined,
    contents,
    isSigned: signed.count > 0,
    counts,
  };
}

/** The client's messages with no more images than the model takes. */
function limited(
  messages: readonly JsonValue[],
  { rejected, warnings }: ConversionContext,
): { readonly messages: readonly JsonValue[]; readonly counts: MediaCounts } {
  const objects = messages.filter(isJsonObject);
  // What is no message is refused where messages are read.
  if (objects.length < messages.length) return { messages, counts: new Map() };
  const kindOf = ({ type }: JsonObject) => (type === 'image' ? 'images' : undefined);
  return limitMedia(objects, rejected.maxima, { kindOf, compact: (parts) => [...parts] }, warnings);
}

const opening = '(The conversation goes on.)';

/** Neighbours of one role are one turn, but for what follows results where these must stand apart. */
function say(contents: Content[], parts: JsonObject[], { capabilities }: ConversionContext): void {
  if (parts.length === 0) return;
  const last = contents.at(-1);
  if (last?.role === 'user' && !(capabilities.resultsApart && isOfResults(last)))
    for (const part of parts) last.parts.push(part);
  else contents.push({ role: 'user', parts });
}

function isOfResults({ parts }: Content): boolean {
  return parts[0]?.['functionResponse'] !== undefined;
}

function textPart(text: JsonText): JsonObject {
  return { text };
}

function userParts(block: HistoryBlock, context: ConversionContext): JsonObject[] {
  switch (block.type) {
    case 'text': {
      const { text } = block.block;
      return isText(text) ? [textPart(text)] : [];
    }
    case 'image':
    case 'document': {
      const media = convertMedia(block, context);
      return [media.kind === 'text' ? textPart(media.text) : media.part];
    }
    case 'search_result':
      return [textPart(searchResultText(block.block))];
    case 'tool_result': {
      // The call of this result is not in the history, so the result can only be sent as text.
      const attached: JsonObject[] = [];
      return [textPart(strayResultText(block, attached, context)), ...attached];
    }
    default:
      warnOfBlock(block, context);
      return [];
  }
}

/** How many signatures of the server were put back. */
interface Signed {
  count: number;
}

/** The signature that makes the server take a call that it did not sign. */
const unsigned = 'skip_thought_signature_validator';

/**
 * The parts of an answer, each with the signature that it came with. Of the calls of one answer the server signs the first.
 * Calls of another model, or of a client that left out its reasoning, have none.
 */
function modelParts(
  blocks: readonly HistoryBlock[],
  calls: readonly HistoryCall[],
  signed: Signed,
  context: ConversionContext,
): JsonObject[] {
  const isForeign = context.rejected.forms.has(pastReasoning);
  const parts: JsonObject[] = [];
  for (const block of blocks) addModelPart(parts, block, isForeign ? undefined : signed, context);
  const members = calls.length === 0 || isForeign ? undefined : sealedMembers(blocks, context.sealer);
  const signatures = calls.map(({ key }) => asText(members?.get(key)?.['thoughtSignature']));
  const own = signatures.filter((signature) => signature !== undefined).length;
  signed.count += own;
  if (own === 0 && context.capabilities.signedCalls) signatures[0] = unsigned;
  parts.push(...calls.map((call, index) => callPart(call, signatures[index], context)));
  return parts;
}

function addModelPart(
  parts: JsonObject[],
  block: HistoryBlock,
  signed: Signed | undefined,
  context: ConversionContext,
): void {
  switch (block.type) {
    case 'text': {
      const { text } = block.block;
      if (isText(text)) parts.push(textPart(text));
      return;
    }
    case 'thinking':
    case 'redacted_thinking':
      if (signed !== undefined) addSignatures(parts, block.block, signed, context);
      return;
    default:
      warnOfBlock(block, context);
  }
}

/** Reasoning goes back only with its signature. That of a text stands on the text before it, or on an empty one. */
function addSignatures(
  parts: JsonObject[],
  { thinking, signature, data }: JsonObject,
  signed: Signed,
  { sealer }: ConversionContext,
): void {
  for (const thought of openThoughts(asText(signature ?? data) ?? '', sealer)) {
    signed.count += 1;
    const thoughtSignature = thought.signature;
    if (thought.part === 'thought') {
      const text = isText(thinking) && !isEmptyText(thinking) ? thinking : '';
      parts.push({ text, thought: true, thoughtSignature });
      continue;
    }
    const last = parts.at(-1);
    if (last?.['text'] === undefined || last['thoughtSignature'] !== undefined)
      parts.push({ text: '', thoughtSignature });
    else parts[parts.length - 1] = { ...last, thoughtSignature };
  }
}

function callPart(call: HistoryCall, thoughtSignature: string | undefined, context: ConversionContext): JsonObject {
  const name = callName(call, context.toolNames, context.warnings);
  const functionCall = { id: callId(call, context), name, args: argumentsObject(call.block.block['input']) };
  return { functionCall, thoughtSignature };
}

function warnOfBlock({ type, path }: HistoryBlock, { warnings }: ConversionContext): void {
  warnings.add(path(), 'unsupported', `Unsupported block type "${type}". The block was removed.`);
}
