import { isEmptyText, isText, joinTexts } from '@ccg/wire';
import type { JsonObject, JsonText, JsonValue } from '@ccg/wire';
import type { HistoryBlock } from '../../history/turn.ts';
import { asList, asObject, asText } from '../../json-fields.ts';
import { fieldError } from '../../request/read-request.ts';
import type { ConversionContext } from './conversion-context.ts';

/** Whether the model can be given an image or a file; if not, a warning says so. */
export function canSee({ type, block, path }: HistoryBlock, { capabilities, warnings }: ConversionContext): boolean {
  const isPdf = type === 'document' && asText(asObject(block['source'])?.['type']) === 'base64';
  const isImage = type === 'image';
  if ((!isImage || capabilities.images) && (!isPdf || capabilities.pdfs)) return true;
  warnings.add(path(), 'unsupported', `The model cannot read ${isImage ? 'images' : 'PDF files'}; it was left out.`);
  return false;
}

/** What stands in the place of something that the model cannot be given, so that it can say so. */
export function unseen(what: 'image' | 'document'): string {
  return `[${what} left out: this model cannot read ${what === 'image' ? 'images' : 'PDF files'}]`;
}

/** An image block as a part of a user message. */
export function imagePart({ block, path }: HistoryBlock, context: ConversionContext): JsonObject {
  const source = asObject(block['source']) ?? {};
  const { url } = source;
  switch (asText(source['type'])) {
    case 'base64':
      return { type: 'image_url', image_url: { url: dataUrl(source, path()) } };
    case 'url':
      if (!isText(url)) throw fieldError(`${path()}.source.url`, 'Input should be a string');
      return { type: 'image_url', image_url: { url } };
    case 'file':
      throw fileError(path(), context);
    case undefined:
    default:
      throw fieldError(`${path()}.source.type`, "Input should be one of 'base64', 'url'");
  }
}

/** A document block as parts of a user message: a file, or the text that it holds. */
export function documentParts({ block, path }: HistoryBlock, context: ConversionContext): JsonObject[] {
  const source = asObject(block['source']) ?? {};
  switch (asText(source['type'])) {
    case 'base64':
      return [{ type: 'file', file: { filename: fileName(block), file_data: dataUrl(source, path()) } }];
    case 'text':
      return [textPart(titled(block, source['data']))];
    case 'content':
      return [textPart(titled(block, contentText(source)))];
    case 'url':
      context.warnings.add(path(), 'unsupported', 'A document by URL cannot be sent; its address was sent as text.');
      return [textPart(joinTexts(['[document: ', textOr(source['url']), ']'], ''))];
    case 'file':
      throw fileError(path(), context);
    case undefined:
    default:
      throw fieldError(`${path()}.source.type`, "Input should be one of 'base64', 'text', 'content', 'url'");
  }
}

/** A document that is text, or undefined when it is a file or lies elsewhere. */
export function documentText({ block }: HistoryBlock): JsonText | undefined {
  const source = asObject(block['source']) ?? {};
  const type = asText(source['type']);
  if (type === 'text') return titled(block, source['data']);
  return type === 'content' ? titled(block, contentText(source)) : undefined;
}

export function textPart(text: JsonText): JsonObject {
  return { type: 'text', text };
}

function dataUrl(source: JsonObject, path: string): JsonText {
  const { media_type: mediaType, data } = source;
  if (!isText(mediaType)) throw fieldError(`${path}.source.media_type`, 'Input should be a string');
  if (!isText(data)) throw fieldError(`${path}.source.data`, 'Input should be a string');
  return joinTexts(['data:', mediaType, ';base64,', data], '');
}

function fileName(block: JsonObject): JsonText {
  const { title } = block;
  return isText(title) && !isEmptyText(title) ? title : 'document.pdf';
}

function titled(block: JsonObject, text: JsonValue | undefined): JsonText {
  const { title } = block;
  const body = textOr(text);
  return isText(title) && !isEmptyText(title) ? joinTexts([title, body], '\n') : body;
}

function contentText(source: JsonObject): JsonText {
  const { content } = source;
  if (isText(content)) return content;
  const texts = asList(content).map((part) => asObject(part)?.['text']);
  return joinTexts(texts.filter(isText), '\n');
}

function textOr(value: JsonValue | undefined): JsonText {
  return isText(value) ? value : '';
}

function fileError(path: string, { provider }: ConversionContext) {
  return fieldError(
    `${path}.source`,
    `files uploaded to Anthropic are not available on the provider "${provider}". Send the content as base64`,
  );
}
