import { isEmptyText, isText, joinTexts } from '@ccg/wire';
import type { JsonObject, JsonText } from '@ccg/wire';
import { documentAddress, isPdf, leftOutNote, readMedia } from '../../history/media.ts';
import { readResult, saysError, searchResultText } from '../../history/tool-result.ts';
import type { HistoryBlock } from '../../history/history-block.ts';
import type { ConversionContext } from './conversion-context.ts';

/** An image or document as a part of content. */
interface ConvertedMedia {
  readonly what: 'image' | 'document';
  readonly part: JsonObject;
  /** A text stands for what the model cannot read. */
  readonly isText: boolean;
}

export function textPart(text: JsonText): JsonObject {
  return { type: 'input_text', text };
}

/** Converts an `image` or `document` block; what the model cannot read becomes a note, with a warning. */
function convertMedia(block: HistoryBlock, context: ConversionContext): ConvertedMedia {
  const { capabilities, provider, warnings } = context;
  if (block.type === 'image' && !capabilities.images) return leftOut('image', 'images', block, context);
  if (isPdf(block) && !capabilities.pdfs) return leftOut('document', 'PDF files', block, context);
  const media = readMedia(block, provider);
  switch (media.kind) {
    case 'image-base64':
      return image(dataUrl(media.mediaType, media.data));
    case 'image-url':
      return capabilities.imageUrls ? image(media.url) : leftOut('image', 'images by URL', block, context);
    case 'pdf':
      return file({ filename: media.fileName, file_data: dataUrl(media.mediaType, media.data) });
    case 'text':
      return { what: 'document', part: textPart(media.text), isText: true };
    case 'document-url':
      if (capabilities.pdfs && capabilities.fileUrls) return file({ file_url: media.url });
      warnings.add(block.path(), 'unsupported', 'Documents by URL are not supported. The URL was sent as text.');
      return { what: 'document', part: textPart(documentAddress(media.url)), isText: true };
  }
}

function leftOut(
  what: 'image' | 'document',
  unreadable: string,
  { path }: HistoryBlock,
  { warnings }: ConversionContext,
): ConvertedMedia {
  warnings.add(path(), 'unsupported', `This model cannot read ${unreadable}. A note replaced the ${what}.`);
  return { what, part: textPart(leftOutNote(what, unreadable)), isText: true };
}

/** Some servers require the detail. */
function image(url: JsonText): ConvertedMedia {
  return { what: 'image', part: { type: 'input_image', image_url: url, detail: 'auto' }, isText: false };
}

function file(members: JsonObject): ConvertedMedia {
  return { what: 'document', part: { type: 'input_file', ...members }, isText: false };
}

function dataUrl(mediaType: JsonText, data: JsonText): JsonText {
  return joinTexts(['data:', mediaType, ';base64,', data], '');
}

/** The parts of a user message, a part for each block. */
export function userParts(block: HistoryBlock, context: ConversionContext): JsonObject[] {
  switch (block.type) {
    case 'text': {
      const { text } = block.block;
      return isText(text) ? [textPart(text)] : [];
    }
    case 'image':
    case 'document':
      return [convertMedia(block, context).part];
    case 'search_result':
      return [textPart(searchResultText(block.block))];
    case 'tool_result': {
      // The call of this result is not in the history, so the result can only be sent as content of the user.
      const into = { tool: 'a tool', attachments: [] };
      const parts = resultParts(block, into, context);
      return [textPart('[tool result]'), ...parts, ...into.attachments];
    }
    default:
      warnOfBlock(block, context);
      return [];
  }
}

export function warnOfBlock({ type, path }: HistoryBlock, { warnings }: ConversionContext): void {
  warnings.add(path(), 'unsupported', `Unsupported block type "${type}". The block was removed.`);
}

/** Collects what of results only a user message can hold at this server. */
export interface ResultAttachments {
  /** The tool's name, as text. */
  readonly tool: string;
  readonly attachments: JsonObject[];
}

/** The content of a result; a failed one says that it is an error. Never empty. */
export function resultParts(
  result: HistoryBlock,
  { tool, attachments }: ResultAttachments,
  context: ConversionContext,
): readonly JsonObject[] {
  const parts = readResult(result, context.warnings).map((piece): JsonObject => {
    if (piece.kind === 'text') return textPart(piece.text);
    const media = convertMedia(piece.block, context);
    if (media.isText || context.capabilities.mediaInResults) return media.part;
    attachments.push(media.part);
    return textPart(`[${media.what} from ${tool}: attachment ${attachments.length} below]`);
  });
  const said = parts.filter(({ text }) => text === undefined || (isText(text) && !isEmptyText(text)));
  const told = said.length === 0 ? [textPart('(no output)')] : said;
  return result.block['is_error'] === true ? asError(told) : told;
}

function asError(parts: readonly JsonObject[]): readonly JsonObject[] {
  const [first, ...rest] = parts;
  const text = first?.['text'];
  if (first === undefined || !isText(text)) return [textPart('Error:'), ...parts];
  return saysError(text) ? parts : [textPart(joinTexts(['Error: ', text], '')), ...rest];
}
