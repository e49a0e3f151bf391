import { isText, joinTexts, textStartsWith } from '@ccg/wire';
import type { JsonArray, JsonObject, JsonText } from '@ccg/wire';
import type { HistoryBlock } from '../history/turn.ts';
import { asList, asObject, asText } from '../json-fields.ts';
import { searchResultText, toolReferenceText } from '../history/result-text.ts';
import type { CompatibleContext } from './compatible-context.ts';
import { documentPart, imagePart, textPart } from './media.ts';

/**
 * A result of text alone becomes one string: some servers take nothing else, others join lists without a space. What
 * the server cannot read in a result is added to the attachments.
 */
export function convertResult(
  id: string,
  result: HistoryBlock,
  attachments: JsonObject[],
  context: CompatibleContext,
): JsonObject {
  const { content, is_error: isError } = result.block;
  const { imagesInResults, resultErrors } = context.capabilities;
  const parts = isText(content) ? [textPart(content)] : [];
  for (const [index, value] of asList(content).entries()) {
    const block = asObject(value) ?? {};
    const type = asText(block['type']) ?? 'untyped';
    for (const part of convertPart({ type, block, path: () => `${result.path()}.content.${index}` }, context)) {
      if (part['source'] === undefined || imagesInResults) parts.push(part);
      else {
        attachments.push(part);
        parts.push(textPart(`[image: attachment ${attachments.length} below]`));
      }
    }
  }
  const failed = isError === true;
  const said = failed && !resultErrors ? inWords(parts) : parts;
  return { type: 'tool_result', tool_use_id: id, content: compact(said), ...(failed ? { is_error: true } : {}) };
}

/** The result of a call that has none, because it was interrupted: servers refuse a call without one. */
export function interruptedResult(id: string): JsonObject {
  const content = 'Error: [no result: tool call was interrupted]';
  return { type: 'tool_result', tool_use_id: id, content, is_error: true };
}

function convertPart(part: HistoryBlock, context: CompatibleContext): JsonObject[] {
  const { text } = part.block;
  switch (part.type) {
    case 'text':
      return isText(text) ? [textPart(text)] : [];
    case 'image':
      return [imagePart(part, context)];
    case 'document':
      return [documentPart(part, context)];
    case 'search_result':
      return [textPart(searchResultText(part.block))];
    case 'tool_reference':
      return [textPart(toolReferenceText(part.block))];
    default:
      context.warnings.add(part.path(), 'unsupported', `A ${part.type} block in a tool result was left out.`);
      return [];
  }
}

function inWords(parts: readonly JsonObject[]): readonly JsonObject[] {
  const [first, ...others] = parts;
  const text = first?.['text'];
  if (!isText(text)) return [textPart('Error:'), ...parts];
  const isMarked = textStartsWith(text, 'Error') || textStartsWith(text, '<tool_use_error>');
  return isMarked ? parts : [textPart(joinTexts(['Error: ', text], '')), ...others];
}

function compact(parts: readonly JsonObject[]): JsonText | JsonArray {
  const texts = parts.map((part) => part['text']).filter(isText);
  return texts.length === parts.length ? joinTexts(texts, '\n') : [...parts];
}
