import { decodeText, isJsonObject, isText, RawJson, RawText } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { unknownImageTokens } from './image-tokens.ts';
import { callTokens, fixedPart, resultTokens } from './overheads.ts';
import { unknownDocumentTokens } from './pdf-tokens.ts';
import { spanOf } from './prompt-text.ts';
import type { Part, Source } from './prompt-text.ts';
import { jsonPart, textParts } from './text-parts.ts';

/** Results hold documents and documents hold blocks; what is nested deeper is no content that a model is shown. */
const depthMax = 3;

/** Content is a text or an array of blocks. `depth` is how many arrays of blocks are around it. */
export function contentParts(content: JsonValue | undefined, source: Source, depth: number): Part[] {
  if (!Array.isArray(content)) return textParts(content, source);
  if (depth > depthMax) return [jsonPart(content)];
  return content.filter(isJsonObject).flatMap((block) => partsOf(block, source, depth));
}

function partsOf(block: JsonObject, source: Source, depth: number): Part[] {
  const { type } = block;
  switch (isText(type) ? decodeText(type) : '') {
    case 'text':
      return textParts(block['text'], source);
    case 'thinking':
      return thinkingParts(block['thinking'], source);
    case 'redacted_thinking':
      return thinkingParts(block['data'], source);
    case 'tool_use':
    case 'server_tool_use':
      return [fixedPart(callTokens), ...textParts(block['name'], source), ...inputParts(block, source)];
    case 'tool_result':
      return [fixedPart(resultTokens), ...contentParts(block['content'], source, depth + 1)];
    case 'image':
      return imageParts(block['source'], source);
    case 'document':
      return [...textParts(block['title'], source), ...documentParts(block['source'], source, depth)];
    case 'search_result':
      return [
        ...textParts(block['title'], source),
        ...textParts(block['source'], source),
        ...contentParts(block['content'], source, depth + 1),
      ];
    default:
      return [jsonPart(block)];
  }
}

function thinkingParts(value: JsonObject[string], source: Source): Part[] {
  return textParts(value, source).map((part) => (part.kind === 'text' ? { ...part, kind: 'thinking' } : part));
}

function inputParts({ input }: JsonObject, source: Source): Part[] {
  if (input instanceof RawJson) return [{ kind: 'spaced', span: spanOf(input, source) }];
  return input === undefined ? [] : [jsonPart(input)];
}

function imageParts(image: JsonObject[string], source: Source): Part[] {
  const data = isJsonObject(image) ? image['data'] : undefined;
  return [data instanceof RawText ? { kind: 'image', span: spanOf(data, source) } : fixedPart(unknownImageTokens)];
}

function documentParts(document: JsonObject[string], source: Source, depth: number): Part[] {
  if (!isJsonObject(document)) return [];
  const { data, content } = document;
  const type = isText(document['type']) ? decodeText(document['type']) : undefined;
  if (type === 'text') return textParts(data, source);
  if (type === 'content') return contentParts(content, source, depth + 1);
  return [data instanceof RawText ? { kind: 'pdf', span: spanOf(data, source) } : fixedPart(unknownDocumentTokens)];
}
