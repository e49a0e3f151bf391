import { isEmptyText, isJsonObject, isText, writeJson } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { emptyHistoryError, leftOutText, mergeTurns, readTurns } from '../history/turns.ts';
import { pairToolResults } from '../history/pair-tool-results.ts';
import type { CallResult, HistoryCall } from '../history/pair-tool-results.ts';
import { limitMedia } from '../history/limit-media.ts';
import type { LimitedMessages } from '../history/limit-media.ts';
import { placeSystemTurns } from '../history/place-system-turns.ts';
import type { HistoryBlock } from '../history/history-block.ts';
import { asList } from '../json-fields.ts';
import { searchResultText } from '../history/tool-result.ts';
import { sealedMembers } from '../tools/call-state.ts';
import type { CallMembers } from '../tools/call-state.ts';
import { callName } from '../tools/tool-names.ts';
import { pastReasoning, reasoningInMessages } from '../request/requested-thinking.ts';
import type { CompatibleContext } from './compatible-context.ts';
import { compactResult, convertMedia, convertResult, interruptedResult, textPart } from './content.ts';
import { openSignature } from './signature-state.ts';

interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: readonly JsonObject[];
}

/** The history in the oldest form of the protocol: only user and assistant, results directly after their calls. */
export function convertMessages(body: JsonObject, context: CompatibleContext): LimitedMessages {
  const turns = mergeTurns(placeSystemTurns(readTurns(asList(body['messages'])), 'reminder', context.warnings));
  const messages: Message[] = [];
  let open: ToolResults | undefined;
  for (const step of pairToolResults(turns, context.warnings)) {
    if (step.kind === 'results') {
      open = convertResults(step.results, context);
      continue;
    }
    const content = step.blocks.flatMap((block) => convertBlock(block, context));
    if (step.kind === 'assistant') {
      messages.push(...resultMessages(open, [], context));
      const members = step.calls.length === 0 ? undefined : sealedMembers(step.blocks, context.sealer);
      const calls = step.calls.map((call) => convertCall(call, members?.get(call.key), context));
      // Reasoning that led to nothing is no answer.
      const says = calls.length > 0 || content.some(({ type }) => type !== 'thinking');
      if (says) messages.push({ role: 'assistant', content: [...content, ...calls] });
    } else {
      const leftOut = content.length > 0 || open !== undefined ? undefined : leftOutText(step.blocks);
      const said = leftOut === undefined ? content : convertBlock(leftOut, context);
      messages.push(...resultMessages(open, said, context));
    }
    open = undefined;
  }
  messages.push(...resultMessages(open, [], context));
  const sent = messages.filter(({ content }) => content.length > 0);
  if (sent.length === 0) throw emptyHistoryError();
  const written = sent.map(({ role, content }) => ({ role, content: [...content] }));
  return limitMedia(written, context.rejected.maxima, { kindOf, compact }, context.warnings);
}

function kindOf({ type }: JsonObject): 'images' | undefined {
  return type === 'image' ? 'images' : undefined;
}

function compact(parts: readonly JsonObject[], { type }: JsonObject): JsonValue {
  return type === 'tool_result' ? compactResult(parts) : [...parts];
}

/** The results of one turn's calls, and the parts that must follow in the user message. */
interface ToolResults {
  readonly blocks: readonly JsonObject[];
  readonly attachments: readonly JsonObject[];
}

function convertResults(results: readonly CallResult[], context: CompatibleContext): ToolResults {
  const attachments: JsonObject[] = [];
  const blocks = results.map(({ call, result }) => {
    const id = context.ids.inward(call.key, call.repeat);
    return result === undefined ? interruptedResult(id) : convertResult(id, result, attachments, context);
  });
  return { blocks, attachments };
}

/** The user's turn with the results before it, if there are any. */
function resultMessages(
  results: ToolResults | undefined,
  said: readonly JsonObject[],
  { capabilities }: CompatibleContext,
): Message[] {
  const { blocks, attachments } = results ?? { blocks: [], attachments: [] };
  const beside = [...attachments, ...said];
  if (!capabilities.resultsApart) return [{ role: 'user', content: [...blocks, ...beside] }];
  return [
    { role: 'user', content: blocks },
    { role: 'user', content: beside },
  ];
}

function convertCall(
  call: HistoryCall,
  members: CallMembers | undefined,
  { ids, names, warnings }: CompatibleContext,
): JsonObject {
  const { input } = call.block.block;
  const isObject = input !== undefined && writeJson(input).startsWith('{');
  return {
    ...members,
    type: 'tool_use',
    id: ids.inward(call.key, call.repeat),
    name: callName(call, names, warnings),
    input: isObject ? input : {},
  };
}

function convertBlock(block: HistoryBlock, context: CompatibleContext): JsonObject[] {
  const { text, thinking, signature } = block.block;
  switch (block.type) {
    case 'text':
      return isText(text) ? [textPart(text)] : [];
    case 'thinking':
      if (!isText(thinking) || isEmptyText(thinking) || isReasoningRejected(context)) return [];
      return [{ type: 'thinking', thinking, signature: openSignature(signature, context.sealer) }];
    case 'redacted_thinking':
      // None of these servers writes one, and several reject it.
      return [];
    case 'image':
    case 'document':
      return [convertMedia(block, context)];
    case 'search_result':
      return [textPart(searchResultText(block.block))];
    case 'tool_result': {
      // The call of this result is not in the history, so the result can only be sent as text.
      const attachments: JsonObject[] = [];
      const { content = '' } = convertResult('', block, attachments, context);
      const parts = isText(content) ? [textPart(content)] : asList(content).filter(isJsonObject);
      return [textPart('[tool result]'), ...parts, ...attachments];
    }
    default:
      context.warnings.add(
        block.path(),
        'unsupported',
        `Unsupported block type "${block.type}". The block was removed.`,
      );
      return [];
  }
}

function isReasoningRejected({ rejected: { forms } }: CompatibleContext): boolean {
  return forms.has(pastReasoning) || forms.has(reasoningInMessages);
}
