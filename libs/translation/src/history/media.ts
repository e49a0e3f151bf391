import type { GatewayError } from '@ccg/kernel';
import { isEmptyText, isText, joinTexts } from '@ccg/wire';
import type { JsonObject, JsonText, JsonValue } from '@ccg/wire';
import { asList, asObject, asText } from '../json-fields.ts';
import { fieldError } from '../request/read-request.ts';
import type { HistoryBlock } from './history-block.ts';

/** What an image or document block holds. */
export type Media =
  | { readonly kind: 'image-base64'; readonly mediaType: JsonText; readonly data: JsonText }
  | { readonly kind: 'image-url'; readonly url: JsonText }
  | { readonly kind: 'pdf'; readonly fileName: JsonText; readonly mediaType: JsonText; readonly data: JsonText }
  /** A document that is text, its title on the first line. */
  | { readonly kind: 'text'; readonly text: JsonText }
  | { readonly kind: 'document-url'; readonly url: JsonText };

/**
 * Reads an `image` or `document` block. Throws `request-invalid` for a source that is not valid, and for a file that
 * was uploaded to Anthropic: no other provider has it.
 */
export function readMedia(block: HistoryBlock, provider: string): Media {
  const source = asObject(block.block['source']) ?? {};
  if (asText(source['type']) === 'file') throw fileError(block, provider);
  return block.type === 'image' ? readImage(source, block) : readDocument(source, block);
}

/**
 * A document that is a list of texts and images, as blocks of their own; its title is before the first text. Other blocks, and
 * documents of texts alone, stay as they are.
 */
export function splitDocument(whole: HistoryBlock): readonly HistoryBlock[] {
  const { type, block, path } = whole;
  const source = type === 'document' ? asObject(block['source']) : undefined;
  const parts = asText(source?.['type']) === 'content' ? asList(source?.['content']) : [];
  if (!parts.some((part) => asText(asObject(part)?.['type']) === 'image')) return [whole];
  const title = titleOf(block);
  const texts: readonly JsonValue[] = title === undefined ? [] : [{ type: 'text', text: title }];
  return [...texts, ...parts].flatMap((part, at) => {
    const piece = asObject(part) ?? {};
    const index = at - texts.length;
    if (isText(piece['text'])) return [{ type: 'text', block: { type: 'text', text: piece['text'] }, path }];
    return asText(piece['type']) === 'image'
      ? [{ type: 'image', block: piece, path: () => `${path()}.source.content.${index}` }]
      : [];
  });
}

/** Whether the block is a document that only models with PDF input can read. */
export function isPdf({ type, block }: HistoryBlock): boolean {
  return type === 'document' && asText(asObject(block['source'])?.['type']) === 'base64';
}

/** Takes the place of media that the model cannot read, so that the model can tell the user. */
export function leftOutNote(what: 'image' | 'document', unreadable: string): string {
  return `[${what} left out: this model cannot read ${unreadable}]`;
}

/** Takes the place of a document that only its server has. */
export function documentAddress(url: JsonText): JsonText {
  return joinTexts(['[document: ', url, ']'], '');
}

function readImage(source: JsonObject, { path }: HistoryBlock): Media {
  const { url } = source;
  switch (asText(source['type'])) {
    case 'base64':
      return { kind: 'image-base64', ...readBase64(source, path()) };
    case 'url':
      if (!isText(url)) throw fieldError(`${path()}.source.url`, 'Input should be a string');
      return { kind: 'image-url', url };
    case undefined:
    default:
      throw fieldError(`${path()}.source.type`, "Input should be one of 'base64', 'url'");
  }
}

function readDocument(source: JsonObject, { block, path }: HistoryBlock): Media {
  switch (asText(source['type'])) {
    case 'base64':
      return { kind: 'pdf', fileName: titleOf(block) ?? 'document.pdf', ...readBase64(source, path()) };
    case 'text':
      return { kind: 'text', text: titled(block, textOr(source['data'])) };
    case 'content':
      return { kind: 'text', text: titled(block, contentText(source['content'])) };
    case 'url':
      return { kind: 'document-url', url: textOr(source['url']) };
    case undefined:
    default:
      throw fieldError(`${path()}.source.type`, "Input should be one of 'base64', 'text', 'content', 'url'");
  }
}

function readBase64(source: JsonObject, path: string): { readonly mediaType: JsonText; readonly data: JsonText } {
  const { media_type: mediaType, data } = source;
  if (!isText(mediaType)) throw fieldError(`${path}.source.media_type`, 'Input should be a string');
  if (!isText(data)) throw fieldError(`${path}.source.data`, 'Input should be a string');
  return { mediaType, data };
}

function titleOf({ title }: JsonObject): JsonText | undefined {
  return isText(title) && !isEmptyText(title) ? title : undefined;
}

function titled(block: JsonObject, text: JsonText): JsonText {
  const title = titleOf(block);
  return title === undefined ? text : joinTexts([title, text], '\n');
}

function contentText(content: JsonValue | undefined): JsonText {
  if (isText(content)) return content;
  const texts = asList(content).map((part) => asObject(part)?.['text']);
  return joinTexts(texts.filter(isText), '\n');
}

function textOr(value: JsonValue | undefined): JsonText {
  return isText(value) ? value : '';
}

function fileError({ path }: HistoryBlock, provider: string): GatewayError {
  return fieldError(
    `${path()}.source`,
    `files uploaded to Anthropic are not available on the provider "${provider}". Send the content as base64`,
  );
}
