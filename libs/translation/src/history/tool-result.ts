import { isText, joinTexts, textStartsWith } from '@ccg/wire';
import type { JsonObject, JsonText } from '@ccg/wire';
import { asList, asObject, asText } from '../json-fields.ts';
import { splitDocument } from './media.ts';
import type { Warnings } from '../warnings.ts';
import type { HistoryBlock } from './history-block.ts';

/** The result of a call that the client has no result for: servers refuse a call without one. */
export const interruptedText = 'Error: [no result: tool call was interrupted]';

/** A piece of a tool's result. */
export type ResultPiece =
  | { readonly kind: 'text'; readonly text: JsonText }
  /** An image or a document. */
  | { readonly kind: 'media'; readonly block: HistoryBlock };

/** Reads the content of a `tool_result` block, in order. Blocks that no backend takes are left out with a warning. */
export function readResult(result: HistoryBlock, warnings: Warnings): readonly ResultPiece[] {
  const { content } = result.block;
  if (isText(content)) return [{ kind: 'text', text: content }];
  return asList(content).flatMap((value, index) => {
    const block = asObject(value) ?? {};
    const type = asText(block['type']) ?? 'untyped';
    return readPiece({ type, block, path: () => `${result.path()}.content.${index}` }, warnings);
  });
}

function readPiece(part: HistoryBlock, warnings: Warnings): ResultPiece[] {
  const { text } = part.block;
  switch (part.type) {
    case 'text':
      return isText(text) ? [{ kind: 'text', text }] : [];
    case 'image':
      return [{ kind: 'media', block: part }];
    case 'document':
      return splitDocument(part).map((piece) => {
        const { text: own } = piece.block;
        return piece.type === 'text' && isText(own) ? { kind: 'text', text: own } : { kind: 'media', block: piece };
      });
    case 'search_result':
      return [{ kind: 'text', text: searchResultText(part.block) }];
    case 'tool_reference':
      return [{ kind: 'text', text: toolReferenceText(part.block) }];
    default:
      warnings.add(
        part.path(),
        'unsupported',
        `Unsupported block type "${part.type}" in a tool result. The block was removed.`,
      );
      return [];
  }
}

/** A search result block as text: its title and source, then its content. */
export function searchResultText(block: JsonObject): JsonText {
  const { title, source } = block;
  const head = joinTexts(['[', isText(title) ? title : '', '](', isText(source) ? source : '', ')'], '');
  const texts = asList(block['content']).map((part) => asObject(part)?.['text']);
  return joinTexts([head, ...texts.filter(isText)], '\n');
}

/** The result of a tool search. From now on the client declares the tool. */
function toolReferenceText(block: JsonObject): JsonText {
  const { tool_name: name } = block;
  return joinTexts(['Tool "', isText(name) ? name : '', '" is now available.'], '');
}

/** Whether a failed result says already that it is an error. */
export function saysError(text: JsonText): boolean {
  return textStartsWith(text, 'Error') || textStartsWith(text, '<tool_use_error>');
}
