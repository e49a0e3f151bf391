import { decodeText, isJsonObject, isText, RawText } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import { unknownImageTokens } from './image-tokens.ts';
import { callTokens, fixedPart, resultTokens } from './overheads.ts';
import { unknownDocumentTokens } from './pdf-tokens.ts';
import { spanOf } from './prompt-text.ts';
import type { Part, Span } from './prompt-text.ts';
import { contentParts, jsonPart, readObjects, textParts } from './read-prompt.ts';

const rawKeys: ReadonlySet<string> = new Set(['content', 'input', 'citations', 'cache_control']);
/** Results hold documents and documents hold blocks; what is nested deeper is no content that a model is shown. */
const depthMax = 3;

/** The parts of an array of content blocks. */
export function blockParts(span: Span, depth: number): Part[] {
  if (depth > depthMax) return [{ kind: 'json', span }];
  return readObjects(span, rawKeys).flatMap((block) => partsOf(block, span, depth));
}

function partsOf(block: JsonObject, within: Span, depth: number): Part[] {
  const { type } = block;
  switch (isText(type) ? decodeText(type) : '') {
    case 'text':
      return textParts(block['text'], within);
    case 'thinking':
      return thinkingParts(block['thinking'], within);
    case 'redacted_thinking':
      return thinkingParts(block['data'], within);
    case 'tool_use':
    case 'server_tool_use':
      return [fixedPart(callTokens), ...textParts(block['name'], within), ...inputParts(block)];
    case 'tool_result':
      return [fixedPart(resultTokens), ...contentParts(block['content'], within, depth + 1)];
    case 'image':
      return imageParts(block['source'], within);
    case 'document':
      return [...textParts(block['title'], within), ...documentParts(block['source'], within, depth)];
    case 'search_result':
      return [
        ...textParts(block['title'], within),
        ...textParts(block['source'], within),
        ...contentParts(block['content'], within, depth + 1),
      ];
    default:
      return [jsonPart(block)];
  }
}

function thinkingParts(value: JsonObject[string], within: Span): Part[] {
  return textParts(value, within).map((part) => (part.kind === 'text' ? { ...part, kind: 'thinking' } : part));
}

function inputParts({ input }: JsonObject): Part[] {
  return input === undefined ? [] : [jsonPart(input)];
}

function imageParts(source: JsonObject[string], within: Span): Part[] {
  const data = isJsonObject(source) ? source['data'] : undefined;
  return [data instanceof RawText ? { kind: 'image', span: spanOf(data, within) } : fixedPart(unknownImageTokens)];
}

function documentParts(source: JsonObject[string], within: Span, depth: number): Part[] {
  if (!isJsonObject(source)) return [];
  const { data, content } = source;
  const type = isText(source['type']) ? decodeText(source['type']) : undefined;
  if (type === 'text') return textParts(data, within);
  if (type === 'content') return contentParts(content, within, depth + 1);
  return [data instanceof RawText ? { kind: 'pdf', span: spanOf(data, within) } : fixedPart(unknownDocumentTokens)];
}
