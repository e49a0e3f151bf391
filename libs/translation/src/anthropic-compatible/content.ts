import { isText, joinTexts } from '@ccg/wire';
import type { JsonArray, JsonObject, JsonText } from '@ccg/wire';
import { documentAddress, leftOutNote, readMedia } from '../history/media.ts';
import { interruptedText, readResult, saysError } from '../history/tool-result.ts';
import type { HistoryBlock } from '../history/history-block.ts';
import { asObject } from '../json-fields.ts';
import type { CompatibleContext } from './compatible-context.ts';

export function textPart(text: JsonText): JsonObject {
  return { type: 'text', text };
}

/**
 * An image as the server takes it, a document as text. None of these servers reads PDF files: some refuse them, some
 * ignore them. What the server cannot read becomes a note, with a warning.
 */
export function convertMedia(block: HistoryBlock, context: CompatibleContext): JsonObject {
  const { capabilities, provider, warnings } = context;
  const media = readMedia(block, provider);
  switch (media.kind) {
    case 'image-base64':
    case 'image-url': {
      const form = media.kind === 'image-url' ? 'url' : 'base64';
      if (capabilities.images.includes(form)) return { type: 'image', source: asObject(block.block['source']) };
      const unreadable = capabilities.images.length === 0 ? 'images' : 'images by URL';
      warnings.add(block.path(), 'unsupported', `This model cannot read ${unreadable}. A note replaced the image.`);
      return textPart(leftOutNote('image', unreadable));
    }
    case 'pdf':
      warnings.add(block.path(), 'unsupported', 'This model cannot read PDF files. A note replaced the document.');
      return textPart(leftOutNote('document', 'PDF files'));
    case 'text':
      return textPart(media.text);
    case 'document-url':
      warnings.add(block.path(), 'unsupported', 'Documents by URL are not supported. The URL was sent as text.');
      return textPart(documentAddress(media.url));
  }
}

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
  const { imagesInResults } = context.capabilities;
  const resultErrors = context.capabilities.resultErrors && !context.rejected.fields.has(failureFlag);
  const parts = readResult(result, context.warnings).map((piece): JsonObject => {
    const part = piece.kind === 'text' ? textPart(piece.text) : convertMedia(piece.block, context);
    if (part['source'] === undefined || imagesInResults) return part;
    attachments.push(part);
    return textPart(`[image: attachment ${attachments.length} below]`);
  });
  const failed = result.block['is_error'] === true;
  const said = failed && !resultErrors ? withError(parts) : parts;
  return { type: 'tool_result', tool_use_id: id, content: compactResult(said), ...(failed ? { is_error: true } : {}) };
}

/** Where a server rejects it, words say that a tool failed. */
const failureFlag = 'messages[].content[].is_error';

/** The result of a call that was interrupted. */
export function interruptedResult(id: string): JsonObject {
  return { type: 'tool_result', tool_use_id: id, content: interruptedText, is_error: true };
}

/** The parts of a failed result, of which the first says that it is an error. */
function withError(parts: readonly JsonObject[]): readonly JsonObject[] {
  const [first, ...others] = parts;
  const text = first?.['text'];
  if (!isText(text)) return [textPart('Error:'), ...parts];
  return saysError(text) ? parts : [textPart(joinTexts(['Error: ', text], '')), ...others];
}

/** Text alone becomes one string. */
export function compactResult(parts: readonly JsonObject[]): JsonText | JsonArray {
  const texts = parts.map((part) => part['text']).filter(isText);
  return texts.length === parts.length ? joinTexts(texts, '\n') : [...parts];
}
