import { viewOf } from '../bytes.ts';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  SPACE,
} from '../characters.ts';
import { closingBracket, closingQuote, isSpace, refuseByte, skipSpace } from './byte-scan.ts';
import { isText } from './json-value.ts';
import type { JsonText } from './json-value.ts';
import { readSpan } from './read-span.ts';
import { decodeText } from './text.ts';

/** One member of the outermost object; its value is the bytes `start` to `end`. */
export interface TopLevelEntry {
  /** The name as Unicode text, escapes decoded. */
  readonly key: string;
  readonly start: number;
  readonly end: number;
  /** Undefined for an object or an array, which is not read. */
  readonly scalar: null | boolean | number | JsonText | undefined;
}

export interface TopLevel {
  /** In order; a name that comes twice is here twice. */
  readonly entries: readonly TopLevelEntry[];
}

/** From this length on a text stays raw. */
const plainMaxBytes = 64;

/**
 * Finds the members of the outermost object of JSON bytes, and makes no string of them: one above 128 KB costs as much
 * as all the rest. Outside of nested objects and arrays the syntax is checked; inside of them only that brackets
 * balance and strings end. Throws `JsonSyntaxError`, also when the value is not an object.
 */
export function readTopLevel(bytes: Uint8Array): TopLevel {
  const json = viewOf(bytes);
  const entries: TopLevelEntry[] = [];
  let at = skipSpace(json, 0);
  if (json[at] !== OPEN_BRACE) refuseByte(json, at, 'Expected an object');
  at = skipSpace(json, at + 1);
  while (json[at] !== CLOSE_BRACE) {
    const entry = readEntry(json, at);
    entries.push(entry);
    at = skipSpace(json, entry.end);
    if (json[at] === CLOSE_BRACE) break;
    if (json[at] !== COMMA) refuseByte(json, at, 'Expected a comma or the end of the object');
    at = skipSpace(json, at + 1);
    if (json[at] === CLOSE_BRACE) refuseByte(json, at, 'Expected a member name in quotes');
  }
  at = skipSpace(json, at + 1);
  if (at < json.length) refuseByte(json, at, 'Expected nothing after the JSON value');
  return { entries };
}

function readEntry(json: Buffer, at: number): TopLevelEntry {
  if (json[at] !== QUOTE) refuseByte(json, at, 'Expected a member name in quotes');
  const keyEnd = closingQuote(json, at) + 1;
  const key = readKey(json, at, keyEnd);
  const colon = skipSpace(json, keyEnd);
  if (json[colon] !== COLON) refuseByte(json, colon, 'Expected a colon after the member name');
  const start = skipSpace(json, colon + 1);
  const first = json[start];
  if (first === OPEN_BRACE || first === OPEN_BRACKET) {
    return { key, start, end: closingBracket(json, start) + 1, scalar: undefined };
  }
  const end = first === QUOTE ? closingQuote(json, start) + 1 : endOfWord(json, start);
  return { key, start, end, scalar: readScalar(json, start, end) };
}

function readKey(json: Buffer, start: number, end: number): string {
  const key = readScalar(json, start, end);
  return isText(key) ? decodeText(key) : '';
}

/** The text of a string literal that is its own bytes, and short; anything else takes the ordinary way. */
function plainText(json: Buffer, start: number, end: number): string | undefined {
  if (json[start] !== QUOTE || end - start > plainMaxBytes) return undefined;
  for (let at = start + 1; at < end - 1; at += 1) {
    const byte = json[at] ?? 0;
    if (byte < SPACE || byte > 0x7e || byte === BACKSLASH) return undefined;
  }
  return json.toString('latin1', start + 1, end - 1);
}

function readScalar(json: Buffer, start: number, end: number): TopLevelEntry['scalar'] {
  const value = plainText(json, start, end) ?? readSpan(json, { start, end });
  return typeof value !== 'object' || value === null || isText(value) ? value : undefined;
}

/** A number, `true` and the like: whatever stands before what can follow it. */
function endOfWord(json: Buffer, start: number): number {
  let at = start;
  while (at < json.length && !endsWord(json[at])) at += 1;
  if (at === json.length) refuseByte(json, at, '');
  return at;
}

function endsWord(byte: number | undefined): boolean {
  return byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || isSpace(byte);
}
