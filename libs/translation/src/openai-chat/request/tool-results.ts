import { decodeText, isEmptyText, isText, joinTexts, textStartsWith } from '@ccg/wire';
import type { JsonObject, JsonText } from '@ccg/wire';
import type { CallResult } from '../../history/pair-tool-results.ts';
import type { HistoryBlock } from '../../history/turn.ts';
import { asList, asObject, asText } from '../../json-fields.ts';
import { compactParts, markedText } from './cache-marks.ts';
import type { ConversionContext } from './conversion-context.ts';
import { canSee, documentParts, documentText, imagePart, unseen } from './media.ts';
import { searchResultText, toolReferenceText } from '../../history/result-text.ts';

/** The tool messages of one turn, and what must follow them in a user message. */
export interface ToolMessages {
  readonly messages: readonly JsonObject[];
  readonly attachments: readonly JsonObject[];
}

/** Stands for the result that the client has not. */
export const interrupted = 'Error: [no result: tool call was interrupted]';

/** One tool message for each call, in the order of the calls: servers refuse a call without an answer. */
export function toolMessages(results: readonly CallResult[], context: ConversionContext): ToolMessages {
  const messages: JsonObject[] = [];
  const attachments: JsonObject[] = [];
  for (const { call, result } of results) {
    const into = { tool: decodeText(call.name), attachments };
    const text = result === undefined ? interrupted : toolResultText(result, into, context);
    const part = markedText(text, result?.block ?? {}, context.capabilities);
    const content = compactParts([part], context.capabilities);
    messages.push({ role: 'tool', tool_call_id: context.toolIds.inward(call.key), content });
  }
  return { messages, attachments };
}

/** Where the parts of results go that only a user message can hold. */
export interface ResultAttachments {
  /** The tool's name, as text. */
  readonly tool: string;
  readonly attachments: JsonObject[];
}

/** The text of a result, its failure said in words; images and files are named in it and added to the attachments. */
export function toolResultText(result: HistoryBlock, into: ResultAttachments, context: ConversionContext): JsonText {
  const { content, is_error: isError } = result.block;
  const texts: JsonText[] = [];
  if (isText(content)) texts.push(content);
  for (const [index, value] of asList(content).entries()) {
    const block = asObject(value) ?? {};
    const type = asText(block['type']) ?? 'untyped';
    addPart({ type, block, path: () => `${result.path()}.content.${index}` }, { ...into, texts }, context);
  }
  const text = joinTexts(
    texts.filter((part) => !isEmptyText(part)),
    '\n',
  );
  // Several chat templates refuse a tool message without content.
  const said = isEmptyText(text) ? '(no output)' : text;
  return isError === true ? asError(said) : said;
}

interface ResultParts extends ResultAttachments {
  readonly texts: JsonText[];
}

function addPart(part: HistoryBlock, into: ResultParts, context: ConversionContext): void {
  const { text } = part.block;
  switch (part.type) {
    case 'text':
      if (isText(text)) into.texts.push(text);
      return;
    case 'image':
      if (canSee(part, context)) attach('image', [imagePart(part, context)], into);
      else into.texts.push(unseen('image'));
      return;
    case 'document': {
      const words = documentText(part);
      if (words !== undefined) into.texts.push(words);
      else if (canSee(part, context)) attach('document', documentParts(part, context), into);
      else into.texts.push(unseen('document'));
      return;
    }
    case 'search_result':
      into.texts.push(searchResultText(part.block));
      return;
    case 'tool_reference':
      into.texts.push(toolReferenceText(part.block));
      return;
    default:
      context.warnings.add(part.path(), 'unsupported', `A ${part.type} block in a tool result was left out.`);
  }
}

/** Tool messages hold text alone, so the thing itself follows in the user's next message. */
function attach(what: 'image' | 'document', parts: readonly JsonObject[], into: ResultParts): void {
  into.attachments.push(...parts);
  into.texts.push(`[${what} from ${into.tool}: attachment ${into.attachments.length} below]`);
}

function asError(text: JsonText): JsonText {
  const isMarked = textStartsWith(text, 'Error') || textStartsWith(text, '<tool_use_error>');
  return isMarked ? text : joinTexts(['Error: ', text], '');
}
