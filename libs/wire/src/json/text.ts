import { BACKSLASH, decodeByteString } from '../bytes.ts';
import { JoinedText, RawJson, RawText, isText } from './json-value.ts';
import type { JsonText, JsonValue } from './json-value.ts';
import { writeJson } from './write-json.ts';

/** Decodes a text to Unicode. */
export function decodeText(text: JsonText): string {
  if (typeof text === 'string') return text;
  if (text instanceof RawText) return decodeRawText(text);
  return text.parts.map(decodeText).join('');
}

function decodeRawText(text: RawText): string {
  const content = decodeByteString(text.source.slice(text.start, text.end));
  if (!content.includes('\\')) return content;
  const decoded: unknown = JSON.parse(`"${content}"`);
  return String(decoded);
}

/** Whether the decoded text begins with `asciiPrefix`. Decodes no more of it than needed. */
export function textStartsWith(text: JsonText, asciiPrefix: string): boolean {
  if (typeof text === 'string') return text.startsWith(asciiPrefix);
  if (text instanceof JoinedText) return joinedStartsWith(text, asciiPrefix);
  const { source, start, end } = text;
  let at = start;
  for (const character of asciiPrefix) {
    if (at >= end) return false;
    const isEscape = source.charCodeAt(at) === BACKSLASH;
    const next = at + (isEscape ? (source.charAt(at + 1) === 'u' ? 6 : 2) : 1);
    const found = isEscape ? decodeRawText(new RawText(source, at, next)) : source.charAt(at);
    if (found !== character) return false;
    at = next;
  }
  return true;
}

function joinedStartsWith(text: JoinedText, asciiPrefix: string): boolean {
  let head = '';
  for (const part of text.parts) {
    head += decodeText(part);
    if (head.length >= asciiPrefix.length) break;
  }
  return head.startsWith(asciiPrefix);
}

export function isEmptyText(text: JsonText): boolean {
  if (typeof text === 'string') return text === '';
  if (text instanceof RawText) return text.start === text.end;
  return text.parts.every(isEmptyText);
}

/** Joins texts with a separator, without decoding them. */
export function joinTexts(texts: readonly JsonText[], separator: string): JsonText {
  const [first] = texts;
  if (first === undefined) return '';
  if (texts.length === 1) return first;
  const parts: (string | RawText)[] = [];
  for (const [index, text] of texts.entries()) {
    if (index > 0) appendPart(parts, separator);
    if (text instanceof JoinedText) for (const part of text.parts) appendPart(parts, part);
    else appendPart(parts, text);
  }
  const [only = ''] = parts;
  return parts.length < 2 ? only : new JoinedText(parts);
}

/** Merges neighbouring plain strings into one part, and drops empty ones. */
function appendPart(parts: (string | RawText)[], part: string | RawText): void {
  if (isEmptyText(part)) return;
  const last = parts.at(-1);
  if (typeof part === 'string' && typeof last === 'string') parts[parts.length - 1] = last + part;
  else parts.push(part);
}

/** Gives the value as `JSON.parse` does: texts decoded, raw subtrees parsed. */
export function decodeJson(value: JsonValue): unknown {
  if (isText(value)) return decodeText(value);
  const json = value instanceof RawJson ? value.source.slice(value.start, value.end) : writeJson(value);
  const decoded: unknown = JSON.parse(decodeByteString(json));
  return decoded;
}
