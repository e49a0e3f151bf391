import { decodeText, isEmptyText, joinTexts } from '@ccg/wire';
import type { JsonObject, JsonText } from '@ccg/wire';
import { documentAddress, leftOutNote, readMedia } from '../../history/media.ts';
import type { HistoryCall } from '../../history/pair-tool-results.ts';
import { interruptedText, readResult, saysError } from '../../history/tool-result.ts';
import type { HistoryBlock } from '../../history/history-block.ts';
import type { ConversionContext } from './conversion-context.ts';

type OllamaMedia =
  | { readonly kind: 'text'; readonly text: JsonText }
  /** Base64, without a type: Ollama looks at the bytes. */
  | { readonly kind: 'image'; readonly data: JsonText };

/**
 * An image as Ollama takes it, a document as text. Ollama ignores an image without a word if the model sees none, so a
 * note takes its place there.
 */
export function convertMedia(block: HistoryBlock, context: ConversionContext): OllamaMedia {
  const { capabilities, provider, warnings } = context;
  const media = readMedia(block, provider);
  switch (media.kind) {
    case 'image-base64':
      return capabilities.images ? { kind: 'image', data: media.data } : leftOut('image', 'images', block, context);
    case 'image-url':
      return leftOut('image', capabilities.images ? 'images by URL' : 'images', block, context);
    case 'pdf':
      return leftOut('document', 'PDF files', block, context);
    case 'text':
      return media;
    case 'document-url':
      warnings.add(block.path(), 'unsupported', 'Documents by URL are not supported. The URL was sent as text.');
      return { kind: 'text', text: documentAddress(media.url) };
  }
}

function leftOut(
  what: 'image' | 'document',
  unreadable: string,
  { path }: HistoryBlock,
  { warnings }: ConversionContext,
): OllamaMedia {
  warnings.add(path(), 'unsupported', `This model cannot read ${unreadable}. A note replaced the ${what}.`);
  return { kind: 'text', text: leftOutNote(what, unreadable) };
}

/** The message for one call, whose images are added to the list. */
export function resultMessage(
  call: HistoryCall,
  result: HistoryBlock | undefined,
  images: JsonText[],
  context: ConversionContext,
): JsonObject {
  const { toolIds, toolNames } = context;
  const tool = decodeText(call.name);
  const content = result === undefined ? interruptedText : resultText(result, { tool, images }, context);
  return {
    role: 'tool',
    content,
    tool_name: toolNames.inward(tool),
    tool_call_id: toolIds.inward(call.key, call.repeat),
  };
}

/** The text of a result; a failed one says that it is an error. Few chat templates show images there, so they follow. */
export function resultText(
  result: HistoryBlock,
  { tool, images }: { readonly tool: string; readonly images: JsonText[] },
  context: ConversionContext,
): JsonText {
  const texts = readResult(result, context.warnings).map((piece): JsonText => {
    const converted = piece.kind === 'text' ? piece : convertMedia(piece.block, context);
    if (converted.kind === 'text') return converted.text;
    images.push(converted.data);
    return `[image from ${tool}: attachment ${images.length} below]`;
  });
  const text = joinTexts(
    texts.filter((part) => !isEmptyText(part)),
    '\n',
  );
  const said = isEmptyText(text) ? '(no output)' : text;
  return result.block['is_error'] === true && !saysError(said) ? joinTexts(['Error: ', said], '') : said;
}
