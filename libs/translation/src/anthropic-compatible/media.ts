import { isText, joinTexts } from '@ccg/wire';
import type { JsonObject, JsonText } from '@ccg/wire';
import type { HistoryBlock } from '../history/turn.ts';
import { asObject, asText } from '../json-fields.ts';
import { documentText } from '../openai-chat/request/media.ts';
import { fieldError } from '../request/read-request.ts';
import type { CompatibleContext } from './compatible-context.ts';

export function textPart(text: JsonText): JsonObject {
  return { type: 'text', text };
}

/** An image as the server takes it, else a text in its place, so that the model can say that it sees none. */
export function imagePart(image: HistoryBlock, { capabilities, provider, warnings }: CompatibleContext): JsonObject {
  const { block, path } = image;
  const source = asObject(block['source']) ?? {};
  const kind = asText(source['type']);
  if (kind === 'file') throw fileError(path(), provider);
  if (kind !== 'base64' && kind !== 'url') {
    throw fieldError(`${path()}.source.type`, "Input should be one of 'base64', 'url'");
  }
  if (capabilities.images.includes(kind)) return { type: 'image', source };
  const what = capabilities.images.length === 0 ? 'images' : 'images by URL';
  warnings.add(path(), 'unsupported', `This server takes no ${what}; it was told of one.`);
  return textPart(`[image left out: this model cannot read ${what}]`);
}

/** A document as text. None of these servers reads one: some refuse it, some leave it out without a word. */
export function documentPart(document: HistoryBlock, { provider, warnings }: CompatibleContext): JsonObject {
  const { block, path } = document;
  const words = documentText(document);
  if (words !== undefined) return textPart(words);
  const { type, url } = asObject(block['source']) ?? {};
  switch (asText(type)) {
    case 'base64':
      warnings.add(path(), 'unsupported', 'This server reads no PDF files; it was told of one.');
      return textPart('[document left out: this model cannot read PDF files]');
    case 'url':
      warnings.add(path(), 'unsupported', 'A document by URL cannot be sent; its address was sent as text.');
      return textPart(joinTexts(['[document: ', isText(url) ? url : '', ']'], ''));
    case 'file':
      throw fileError(path(), provider);
    case undefined:
    default:
      throw fieldError(`${path()}.source.type`, "Input should be one of 'base64', 'text', 'content', 'url'");
  }
}

function fileError(path: string, provider: string) {
  return fieldError(
    `${path}.source`,
    `files uploaded to Anthropic are not available on the provider "${provider}". Send the content as base64`,
  );
}
