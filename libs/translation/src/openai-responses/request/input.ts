import { decodeText, isText, joinTexts } from '@ccg/wire';
import type { JsonArray, JsonObject, JsonText, JsonValue } from '@ccg/wire';
import { limitMedia } from '../../history/limit-media.ts';
import type { MediaCounts } from '../../history/limit-media.ts';
import { pairToolResults } from '../../history/pair-tool-results.ts';
import type { CallResult, HistoryStep } from '../../history/pair-tool-results.ts';
import { placeSystemTurns } from '../../history/place-system-turns.ts';
import { interruptedText } from '../../history/tool-result.ts';
import { emptyHistoryError, leftOutText, mergeTurns, readTurns } from '../../history/turns.ts';
import type { HistoryBlock } from '../../history/history-block.ts';
import { asList } from '../../json-fields.ts';
import { assistantItems } from './assistant-items.ts';
import { resultParts, textPart, userParts } from './content.ts';
import type { ConversionContext } from './conversion-context.ts';

export interface ResponsesInput {
  readonly items: JsonObject[];
  readonly counts: MediaCounts;
}

/** The history as items, in its own order: reasoning, texts and calls of an answer keep their places. */
export function convertInput(body: JsonObject, context: ConversionContext): ResponsesInput {
  const { capabilities, rejected, warnings } = context;
  const turns = placeSystemTurns(readTurns(asList(body['messages'])), capabilities.systemTurns, warnings);
  const items = convertSteps(pairToolResults(mergeTurns(turns), warnings), context);
  const compact = (parts: readonly JsonObject[]) =>
    parts.map(({ text, ...part }) => (isText(text) ? textPart(text) : part));
  const { messages, counts } = limitMedia(items, rejected.maxima, { kindOf, compact }, warnings);
  if (messages.every(({ role }) => role === 'developer')) throw emptyHistoryError();
  return { items: messages.map(finished), counts };
}

function kindOf({ type }: JsonObject): 'images' | 'files' | undefined {
  if (type === 'input_image') return 'images';
  return type === 'input_file' ? 'files' : undefined;
}

/** Until here results have their parts in `content`, as messages have. Texts alone become one. */
function finished(item: JsonObject): JsonObject {
  if (item['type'] !== 'function_call_output') return item;
  const { content, ...rest } = item;
  return { ...rest, output: compactOutput(content) };
}

function compactOutput(content: JsonValue | undefined): JsonText | JsonArray {
  const parts = asList(content);
  const texts = parts.flatMap((part) => textOf(part) ?? []);
  return texts.length === parts.length ? joinTexts(texts, '\n') : [...parts];
}

function textOf(part: JsonValue): JsonText | undefined {
  const text = typeof part === 'object' && part !== null && 'text' in part ? part['text'] : undefined;
  return isText(text) ? text : undefined;
}

function convertSteps(steps: readonly HistoryStep[], context: ConversionContext): JsonObject[] {
  const items: JsonObject[] = [];
  // Media of results follow all results, in one message with the user's text.
  let open: { readonly attachments: JsonObject[] } | undefined;
  for (const step of steps) {
    if (step.kind === 'results') {
      const attachments: JsonObject[] = [];
      open = { attachments };
      items.push(...step.results.map((result) => outputItem(result, attachments, context)));
      continue;
    }
    if (step.kind !== 'user') items.push(...userMessage([], open?.attachments ?? [], context));
    switch (step.kind) {
      case 'user': {
        const said = userMessage(step.blocks, open?.attachments ?? [], context);
        // Without a user message two answers would be neighbours.
        const leftOut = said.length > 0 || open !== undefined ? undefined : leftOutText(step.blocks);
        items.push(...(leftOut === undefined ? said : userMessage([leftOut], [], context)));
        break;
      }
      case 'system': {
        const content = step.blocks
          .map(({ block }) => block['text'])
          .filter(isText)
          .map(textPart);
        items.push({ type: 'message', role: 'developer', content });
        break;
      }
      case 'assistant':
        items.push(...assistantItems(step, context));
        break;
    }
    open = undefined;
  }
  items.push(...userMessage([], open?.attachments ?? [], context));
  return items;
}

function userMessage(
  blocks: readonly HistoryBlock[],
  attachments: readonly JsonObject[],
  context: ConversionContext,
): JsonObject[] {
  const content = [...attachments, ...blocks.flatMap((block) => userParts(block, context))];
  return content.length === 0 ? [] : [{ type: 'message', role: 'user', content }];
}

function outputItem({ call, result }: CallResult, attachments: JsonObject[], context: ConversionContext): JsonObject {
  const into = { tool: decodeText(call.name), attachments };
  const parts = result === undefined ? [textPart(interruptedText)] : resultParts(result, into, context);
  return {
    type: 'function_call_output',
    call_id: context.toolIds.inward(call.key, call.repeat),
    content: [...parts],
  };
}
