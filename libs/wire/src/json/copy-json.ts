import { isText, JoinedText, RawJson, RawText } from './json-value.ts';
import type { JsonText, JsonValue } from './json-value.ts';

/**
 * A copy of a text that shares no memory with it. V8 makes slices as views: a name of 20 characters keeps the whole
 * body alive that it was cut out of.
 */
export function copyText(text: string): string {
  // Latin-1 cannot hold all characters, and UTF-8 no lone surrogates.
  const encoding = /[\u0100-\uffff]/.test(text) ? 'utf16le' : 'latin1';
  return Buffer.from(text, encoding).toString(encoding);
}

/** A copy of a value that was read, which no longer keeps its source alive. */
export function copyJson(value: JsonValue): JsonValue {
  if (isText(value)) return copyJsonText(value);
  if (value instanceof RawJson) {
    const source = copyText(value.source.slice(value.start, value.end));
    return new RawJson(source, 0, source.length);
  }
  if (Array.isArray(value)) return value.map(copyJson);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]): [string, JsonValue | undefined] => [
    copyText(key),
    member === undefined ? undefined : copyJson(member),
  ]);
  return Object.fromEntries(members);
}

function copyJsonText(text: JsonText): JsonText {
  if (typeof text === 'string') return copyText(text);
  if (text instanceof JoinedText) return new JoinedText(text.parts.map(copyPart));
  return copyPart(text);
}

function copyPart(part: string | RawText): string | RawText {
  if (typeof part === 'string') return copyText(part);
  const source = copyText(part.source.slice(part.start, part.end));
  return new RawText(source, 0, source.length);
}
