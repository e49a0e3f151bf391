import { decodeText, isEmptyText, joinTexts } from '@ccg/wire';
import type { JsonObject, JsonText } from '@ccg/wire';
import { documentAddress, isPdf, leftOutNote, readMedia } from '../../history/media.ts';
import type { HistoryCall } from '../../history/pair-tool-results.ts';
import { interruptedText, readResult, saysError } from '../../history/tool-result.ts';
import type { HistoryBlock } from '../../history/history-block.ts';
import { fieldError } from '../../request/read-request.ts';
import { isGeminiId } from '../../tools/tool-ids.ts';
import type { ConversionContext } from './conversion-context.ts';

type GeminiMedia =
  | { readonly kind: 'text'; readonly text: JsonText }
  | {
      readonly kind: 'part';
      readonly what: 'image' | 'document';
      readonly mediaType: string;
      readonly part: JsonObject;
    };

/** Images of other types are refused. */
const imageTypes: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/webp', 'image/heic', 'image/heif']);
const resultTypes: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/webp',
  'application/pdf',
  'text/plain',
]);

/** An image or a document as Gemini takes it; a note takes the place of what the model cannot read. */
export function convertMedia(block: HistoryBlock, context: ConversionContext): GeminiMedia {
  const { capabilities, provider, warnings } = context;
  if (block.type === 'image' && !capabilities.images) return leftOut('image', 'images', block, context);
  if (isPdf(block) && !capabilities.pdfs) return leftOut('document', 'PDF files', block, context);
  const media = readMedia(block, provider);
  switch (media.kind) {
    case 'image-base64': {
      const mediaType = decodeText(media.mediaType).toLowerCase();
      if (!imageTypes.has(mediaType)) return leftOut('image', 'images of this type', block, context);
      return { kind: 'part', what: 'image', mediaType, part: inline(media) };
    }
    case 'image-url':
      throw fieldError(
        `${block.path()}.source.url`,
        'this provider takes no images by URL. Send the content of the image as base64',
      );
    case 'pdf':
      return { kind: 'part', what: 'document', mediaType: 'application/pdf', part: inline(media) };
    case 'text':
      return media;
    case 'document-url':
      warnings.add(block.path(), 'unsupported', 'Documents by URL are not supported. The URL was sent as text.');
      return { kind: 'text', text: documentAddress(media.url) };
  }
}

function inline({ mediaType, data }: { readonly mediaType: JsonText; readonly data: JsonText }): JsonObject {
  return { inlineData: { mimeType: mediaType, data } };
}

function leftOut(
  what: 'image' | 'document',
  unreadable: string,
  { path }: HistoryBlock,
  { warnings }: ConversionContext,
): GeminiMedia {
  warnings.add(path(), 'unsupported', `This model cannot read ${unreadable}. A note replaced the ${what}.`);
  return { kind: 'text', text: leftOutNote(what, unreadable) };
}

/**
 * The response to a call. Images and files stand in it where the model reads them there, else they are added to
 * `attached`, which follows all responses.
 */
export function functionResponse(
  call: HistoryCall,
  result: HistoryBlock | undefined,
  attached: JsonObject[],
  context: ConversionContext,
): JsonObject {
  const tool = decodeText(call.name);
  const inner: JsonObject[] = [];
  const text = result === undefined ? interruptedText : resultText(result, { tool, inner, attached }, context);
  const failed = result === undefined || result.block['is_error'] === true;
  const functionResponse: JsonObject = {
    id: callId(call, context),
    name: context.toolNames.inward(tool),
    response: failed ? { error: text } : { output: text },
    parts: inner.length === 0 ? undefined : inner,
  };
  return { functionResponse };
}

/** The server's own id of a call. One of another provider, or of the gateway, would mean nothing to it. */
export function callId(call: HistoryCall, { capabilities, rejected, toolIds }: ConversionContext): string | undefined {
  const id = toolIds.inward(call.key, call.repeat);
  const isRefused = callIdPaths.some((path) => rejected.fields.has(path));
  return capabilities.callIds && !isRefused && isGeminiId(call.key) ? id : undefined;
}

/** Where ids of calls stand. A server that refuses one gets none of them. */
export const callIdPaths = ['contents[].parts[].functionCall.id', 'contents[].parts[].functionResponse.id'] as const;

interface ResultPlaces {
  readonly tool: string;
  readonly inner: JsonObject[];
  readonly attached: JsonObject[];
}

function resultText(
  result: HistoryBlock,
  { tool, inner, attached }: ResultPlaces,
  context: ConversionContext,
): JsonText {
  const texts = readResult(result, context.warnings).map((piece): JsonText => {
    const converted = piece.kind === 'text' ? piece : convertMedia(piece.block, context);
    if (converted.kind === 'text') return converted.text;
    const { what, part, mediaType } = converted;
    if (context.capabilities.mediaInResults && resultTypes.has(mediaType)) {
      inner.push(part);
      return `[${what} ${inner.length} of this result]`;
    }
    attached.push(part);
    return `[${what} from ${tool}: attachment ${attached.length} below]`;
  });
  const text = joinTexts(
    texts.filter((part) => !isEmptyText(part)),
    '\n',
  );
  return isEmptyText(text) ? '(no output)' : text;
}

/** The text of a result whose call is not in the history. */
export function strayResultText(result: HistoryBlock, attached: JsonObject[], context: ConversionContext): JsonText {
  const text = resultText(result, { tool: 'a tool', inner: attached, attached }, context);
  const isSaid = result.block['is_error'] !== true || saysError(text);
  return joinTexts(['[tool result]\n', isSaid ? '' : 'Error: ', text], '');
}
