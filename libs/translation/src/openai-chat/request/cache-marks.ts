import type { ChatCapabilities } from '@ccg/catalog';
import { isJsonObject, isText, joinTexts } from '@ccg/wire';
import type { JsonArray, JsonObject, JsonText } from '@ccg/wire';
import { asList } from '../../json-fields.ts';

/** Backends reject a fifth mark, if not fewer. */
const usualMarksMax = 4;

/** A text as a part of content, with the client's cache mark if the backend supports it. */
export function markedText(text: JsonText, block: JsonObject, { cacheMarks }: ChatCapabilities): JsonObject {
  const { cache_control: mark = null } = block;
  return cacheMarks && mark !== null ? { type: 'text', text, cache_control: mark } : { type: 'text', text };
}

/**
 * Text parts as one string, since many chat templates accept no lists. If the backend supports cache marks they stay
 * parts: only a part can carry a mark, and text that is a part in one request and a string in the next misses the
 * cache.
 */
export function compactParts(parts: readonly JsonObject[], { cacheMarks }: ChatCapabilities): JsonText | JsonArray {
  const texts = parts.map((part) => part['text']).filter(isText);
  return texts.length === parts.length && !cacheMarks ? joinTexts(texts, '\n\n') : [...parts];
}

/** Keeps the last marks, which cache the most, and removes the others. */
export function limitMarks(messages: readonly JsonObject[], marksMax = usualMarksMax): JsonObject[] {
  let surplus = countMarks(messages) - marksMax;
  if (surplus <= 0) return [...messages];
  return messages.map((message) => {
    const { content } = message;
    if (surplus <= 0 || !Array.isArray(content)) return message;
    const parts: JsonArray = content.map((part) => {
      if (!isMarked(part) || surplus <= 0) return part;
      surplus -= 1;
      const { cache_control: _, ...rest } = part;
      return rest;
    });
    return { ...message, content: parts };
  });
}

/** How many parts of messages have a mark. */
export function countMarks(messages: readonly JsonObject[]): number {
  return messages.flatMap(({ content }) => asList(content)).filter(isMarked).length;
}

function isMarked(part: JsonArray[number]): part is JsonObject {
  return isJsonObject(part) && part['cache_control'] !== undefined;
}
