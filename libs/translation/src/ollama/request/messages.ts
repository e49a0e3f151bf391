import { isEmptyText, isText, joinTexts } from '@ccg/wire';
import type { JsonArray, JsonObject, JsonText } from '@ccg/wire';
import { argumentsObject } from '../../history/calls-as-text.ts';
import { pairToolResults } from '../../history/pair-tool-results.ts';
import type { CallResult, HistoryCall } from '../../history/pair-tool-results.ts';
import { placeSystemTurns } from '../../history/place-system-turns.ts';
import { searchResultText } from '../../history/tool-result.ts';
import { emptyHistoryError, instructionTexts, leftOutText, mergeTurns, readTurns } from '../../history/turns.ts';
import type { HistoryBlock } from '../../history/history-block.ts';
import { asList } from '../../json-fields.ts';
import { systemMessages, warnOfSystem } from '../../request/requested-thinking.ts';
import { callName } from '../../tools/tool-names.ts';
import { convertMedia, resultMessage, resultText } from './content.ts';
import type { ConversionContext } from './conversion-context.ts';

/** The messages of a request: its instructions, then `line`, then its history. */
export function convertMessages(
  body: JsonObject,
  line: JsonText | undefined,
  context: ConversionContext,
): JsonObject[] {
  const { warnings, rejected } = context;
  const told = [...instructionTexts(body['system']), ...(line === undefined ? [] : [line])];
  const system = told.length === 0 ? [] : [{ role: 'system', content: joinTexts(told, '\n\n') }];
  // Most chat templates show instructions only at the beginning.
  const turns = placeSystemTurns(readTurns(asList(body['messages'])), 'reminder', warnings);
  const messages: JsonObject[] = [];
  // Images of results follow all results, in one message with the user's text.
  let open: { readonly results: readonly CallResult[]; readonly images: JsonText[] } | undefined;
  for (const step of pairToolResults(mergeTurns(turns), warnings)) {
    if (step.kind === 'results') {
      const images: JsonText[] = [];
      open = { results: step.results, images };
      messages.push(...step.results.map(({ call, result }) => resultMessage(call, result, images, context)));
      continue;
    }
    if (step.kind === 'assistant') {
      messages.push(...userMessage([], open?.images ?? [], context));
      messages.push(...assistantMessage(step.blocks, step.calls, context));
    } else {
      const said = userMessage(step.blocks, open?.images ?? [], context);
      // Without a user message two answers would be neighbours.
      const leftOut = said.length > 0 || open !== undefined ? undefined : leftOutText(step.blocks);
      messages.push(...(leftOut === undefined ? said : userMessage([leftOut], [], context)));
    }
    open = undefined;
  }
  messages.push(...userMessage([], open?.images ?? [], context));
  if (messages.length === 0) throw emptyHistoryError();
  if (system.length === 0 || !rejected.forms.has(systemMessages)) return [...system, ...messages];
  if (body['system'] !== undefined) warnOfSystem(warnings);
  return withSystemAsUser(joinTexts(told, '\n\n'), messages);
}

/** The instructions at the beginning of the user's first message, which is made where there is none. */
function withSystemAsUser(instructions: JsonText, history: readonly JsonObject[]): JsonObject[] {
  const [first, ...rest] = history;
  const { content } = first ?? {};
  if (first?.['role'] !== 'user' || !isText(content)) return [{ role: 'user', content: instructions }, ...history];
  return [{ ...first, content: joinTexts([instructions, content], '\n\n') }, ...rest];
}

/** Images stand beside the text of a message, in their order. */
function userMessage(
  blocks: readonly HistoryBlock[],
  attached: readonly JsonText[],
  context: ConversionContext,
): JsonObject[] {
  const images = [...attached];
  const texts = blocks.flatMap((block) => userTexts(block, images, context));
  return texts.length === 0 && images.length === 0 ? [] : [message('user', texts, images)];
}

function message(role: string, texts: readonly JsonText[], images: JsonArray): JsonObject {
  return { role, content: joinTexts(texts, '\n\n'), images: images.length === 0 ? undefined : images };
}

function userTexts(block: HistoryBlock, images: JsonText[], context: ConversionContext): JsonText[] {
  switch (block.type) {
    case 'text': {
      const { text } = block.block;
      return isText(text) ? [text] : [];
    }
    case 'image':
    case 'document': {
      const media = convertMedia(block, context);
      if (media.kind === 'text') return [media.text];
      images.push(media.data);
      return [];
    }
    case 'search_result':
      return [searchResultText(block.block)];
    case 'tool_result':
      // The call of this result is not in the history, so the result can only be sent as text.
      return [joinTexts(['[tool result]\n', resultText(block, { tool: 'a tool', images }, context)], '')];
    default:
      warnOfBlock(block, context);
      return [];
  }
}

function assistantMessage(
  blocks: readonly HistoryBlock[],
  calls: readonly HistoryCall[],
  context: ConversionContext,
): JsonObject[] {
  const texts = blocks.flatMap((block) => assistantTexts(block, context));
  if (texts.length === 0 && calls.length === 0) return [];
  if (calls.length === 0) return [{ role: 'assistant', content: joinTexts(texts, '\n\n') }];
  return [
    {
      role: 'assistant',
      content: joinTexts(texts, '\n\n'),
      // Models that think go on better with the thoughts that led to their calls.
      thinking: thinkingText(blocks),
      tool_calls: calls.map((call, index) => toolCall(call, index, context)),
    },
  ];
}

function assistantTexts(block: HistoryBlock, context: ConversionContext): JsonText[] {
  switch (block.type) {
    case 'text': {
      const { text } = block.block;
      return isText(text) ? [text] : [];
    }
    case 'thinking':
    case 'redacted_thinking':
      return [];
    default:
      warnOfBlock(block, context);
      return [];
  }
}

function thinkingText(blocks: readonly HistoryBlock[]): JsonText | undefined {
  const texts = blocks.map(({ type, block }) => (type === 'thinking' ? block['thinking'] : undefined)).filter(isText);
  const said = texts.filter((text) => !isEmptyText(text));
  return said.length === 0 ? undefined : joinTexts(said, '\n\n');
}

function toolCall(call: HistoryCall, index: number, { toolIds, toolNames, warnings }: ConversionContext): JsonObject {
  const name = callName(call, toolNames, warnings);
  const definition = { index, name, arguments: argumentsObject(call.block.block['input']) };
  return { id: toolIds.inward(call.key, call.repeat), function: definition };
}

function warnOfBlock({ type, path }: HistoryBlock, { warnings }: ConversionContext): void {
  warnings.add(path(), 'unsupported', `Unsupported block type "${type}". The block was removed.`);
}
