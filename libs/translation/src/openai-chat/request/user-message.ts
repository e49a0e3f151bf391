import { isText, joinTexts } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import type { HistoryBlock } from '../../history/history-block.ts';
import { compactParts, markedText } from './cache-marks.ts';
import type { ConversionContext } from './conversion-context.ts';
import { convertMedia, textPart } from './media.ts';
import { searchResultText } from '../../history/tool-result.ts';
import { toolResultText } from './tool-results.ts';

/** The user message with these blocks, or none if no block can be sent. */
export function userMessage(
  blocks: readonly HistoryBlock[],
  attachments: readonly JsonObject[],
  context: ConversionContext,
): JsonObject[] {
  const parts = [...attachments, ...blocks.flatMap((block) => userParts(block, context))];
  if (parts.length === 0) return [];
  return [{ role: 'user', content: compactParts(parts, context.capabilities) }];
}

function userParts(block: HistoryBlock, context: ConversionContext): JsonObject[] {
  switch (block.type) {
    case 'text': {
      const { text } = block.block;
      return isText(text) ? [markedText(text, block.block, context.capabilities)] : [];
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
      const into = { tool: 'a tool', attachments: [] };
      const text = toolResultText(block, into, context);
      return [textPart(joinTexts(['[tool result]\n', text], '')), ...into.attachments];
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
