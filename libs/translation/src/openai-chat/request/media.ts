import { joinTexts } from '@ccg/wire';
import type { JsonObject, JsonText } from '@ccg/wire';
import { documentAddress, isPdf, leftOutNote, readMedia } from '../../history/media.ts';
import type { HistoryBlock } from '../../history/history-block.ts';
import type { ConversionContext } from './conversion-context.ts';

/** An image or document as the backend takes it. */
export type ChatMedia =
  /** Text, which a tool message can hold too. */
  | { readonly kind: 'text'; readonly text: JsonText }
  /** Only a user message can hold it. */
  | { readonly kind: 'part'; readonly what: 'image' | 'document'; readonly part: JsonObject };

/** Converts an `image` or `document` block; what the model cannot read becomes a note, with a warning. */
export function convertMedia(block: HistoryBlock, context: ConversionContext): ChatMedia {
  const { capabilities, warnings, provider } = context;
  if (block.type === 'image' && !capabilities.images) return leftOut('image', 'images', block, context);
  if (isPdf(block) && !capabilities.pdfs) return leftOut('document', 'PDF files', block, context);
  const media = readMedia(block, provider);
  switch (media.kind) {
    case 'image-base64':
      return imagePart(dataUrl(media.mediaType, media.data));
    case 'image-url':
      return capabilities.imageUrls ? imagePart(media.url) : leftOut('image', 'images by URL', block, context);
    case 'pdf': {
      const file = { filename: media.fileName, file_data: dataUrl(media.mediaType, media.data) };
      return { kind: 'part', what: 'document', part: { type: 'file', file } };
    }
    case 'text':
      return media;
    case 'document-url':
      warnings.add(block.path(), 'unsupported', 'Documents by URL are not supported. The URL was sent as text.');
      return { kind: 'part', what: 'document', part: textPart(documentAddress(media.url)) };
  }
}

export function textPart(text: JsonText): JsonObject {
  return { type: 'text', text };
}

function leftOut(
  what: 'image' | 'document',
  unreadable: string,
  { path }: HistoryBlock,
  { warnings }: ConversionContext,
): ChatMedia {
  warnings.add(path(), 'unsupported', `This model cannot read ${unreadable}. A note replaced the ${what}.`);
  return { kind: 'text', text: leftOutNote(what, unreadable) };
}

function imagePart(url: JsonText): ChatMedia {
  return { kind: 'part', what: 'image', part: { type: 'image_url', image_url: { url } } };
}

function dataUrl(mediaType: JsonText, data: JsonText): JsonText {
  return joinTexts(['data:', mediaType, ';base64,', data], '');
}
