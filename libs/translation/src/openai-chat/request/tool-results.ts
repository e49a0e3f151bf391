import { decodeText, isEmptyText, joinTexts } from '@ccg/wire';
import type { JsonObject, JsonText } from '@ccg/wire';
import type { CallResult } from '../../history/pair-tool-results.ts';
import { interruptedText, readResult, saysError } from '../../history/tool-result.ts';
import type { HistoryBlock } from '../../history/history-block.ts';
import { compactParts, markedText } from './cache-marks.ts';
import type { ConversionContext } from './conversion-context.ts';
import { convertMedia } from './media.ts';

/** The tool messages of one turn, and the parts that must follow in a user message. */
export interface ToolMessages {
  readonly messages: readonly JsonObject[];
  readonly attachments: readonly JsonObject[];
}

/** One tool message for each call, in the order of the calls: servers reject a call without a result. */
export function toolMessages(results: readonly CallResult[], context: ConversionContext): ToolMessages {
  const messages: JsonObject[] = [];
  const attachments: JsonObject[] = [];
  for (const { call, result } of results) {
    const into = { tool: decodeText(call.name), attachments };
    const text = result === undefined ? interruptedText : toolResultText(result, into, context);
    const part = markedText(text, result?.block ?? {}, context.capabilities);
    const content = compactParts([part], context.capabilities);
    messages.push({ role: 'tool', tool_call_id: context.toolIds.inward(call.key, call.repeat), content });
  }
  return { messages, attachments };
}

/** Collects the parts of results that only a user message can hold. */
export interface ResultAttachments {
  /** The tool's name, as text. */
  readonly tool: string;
  readonly attachments: JsonObject[];
}

/**
 * The text of a result; a failed one says that it is an error. Images and files are added to the attachments, and
 * the text names them.
 */
export function toolResultText(
  result: HistoryBlock,
  { tool, attachments }: ResultAttachments,
  context: ConversionContext,
): JsonText {
  const texts = readResult(result, context.warnings).map((piece): JsonText => {
    const converted = piece.kind === 'text' ? piece : convertMedia(piece.block, context);
    if (converted.kind === 'text') return converted.text;
    // A tool message can hold only text, so the media follow in the next user message.
    attachments.push(converted.part);
    return `[${converted.what} from ${tool}: attachment ${attachments.length} below]`;
  });
  const text = joinTexts(
    texts.filter((part) => !isEmptyText(part)),
    '\n',
  );
  // Several chat templates reject a tool message without content.
  const said = isEmptyText(text) ? '(no output)' : text;
  return result.block['is_error'] === true && !saysError(said) ? joinTexts(['Error: ', said], '') : said;
}
