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
  viewOf,
} from '../bytes.ts';
import { closingBracket, closingQuote, isSpace, refuseByte, skipSpace } from './byte-scan.ts';
import { isText } from './json-value.ts';
import type { JsonText } from './json-value.ts';
import { readSpan } from './read-json.ts';
import type { Span } from './read-json.ts';
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
  /** In their order. A name that occurs twice is listed twice. */
  readonly entries: readonly TopLevelEntry[];
}

/** Texts of this many bytes or more stay raw. */
const plainMaxBytes = 64;

/**
 * Finds the members of the outermost object of JSON bytes. It makes no string of the whole, since one above 128 KB costs
 * as much as all the rest. Inside of nested objects and arrays it checks only that brackets balance and strings end.
 * Throws `JsonSyntaxError`, also when the value is not an object.
 */
export function readTopLevel(bytes: Uint8Array): TopLevel {
  const json = viewOf(bytes);
  const entries: TopLevelEntry[] = [];
  const end = scanMembers(json, 0, Number.POSITIVE_INFINITY, ({ key, start, end: valueEnd }) => {
    const isNested = json[start] === OPEN_BRACE || json[start] === OPEN_BRACKET;
    entries.push({ key, start, end: valueEnd, scalar: isNested ? undefined : readScalar(json, start, valueEnd) });
  });
  const rest = skipSpace(json, end);
  if (rest < json.length) refuseByte(json, rest, 'Expected nothing after the JSON value');
  return { entries };
}

/** One member of an object. Its value, the bytes `start` to `end`, has not been read. */
export interface MemberSpan extends Span {
  /** The name as Unicode text, escapes decoded. */
  readonly key: string;
}

/** The deepest nesting that is accepted inside of a value. */
const depthMax = 512;

/**
 * Finds the members of the object at `start`, by the rules of `readTopLevel`. Throws `JsonSyntaxError`, or
 * `JsonDepthError` for a value that is nested more than 512 levels deep.
 */
export function readMembers(bytes: Uint8Array, { start, end }: Span): readonly MemberSpan[] {
  const members: MemberSpan[] = [];
  scanMembers(viewOf(bytes.subarray(0, end)), start, depthMax, (member) => members.push(member));
  return members;
}

/** Finds the elements of the array at `start`. Throws as `readMembers` does. */
export function readElements(bytes: Uint8Array, { start, end }: Span): readonly Span[] {
  const json = viewOf(bytes.subarray(0, end));
  const elements: Span[] = [];
  let at = skipSpace(json, start);
  if (json[at] !== OPEN_BRACKET) refuseByte(json, at, 'Expected an array');
  at = skipSpace(json, at + 1);
  while (json[at] !== CLOSE_BRACKET) {
    const element = { start: at, end: endOfValue(json, at, depthMax) };
    if (element.end === at) refuseByte(json, at, 'Expected a value');
    elements.push(element);
    at = skipSpace(json, element.end);
    if (json[at] === CLOSE_BRACKET) break;
    if (json[at] !== COMMA) refuseByte(json, at, 'Expected a comma or the end of the array');
    at = skipSpace(json, at + 1);
    if (json[at] === CLOSE_BRACKET) refuseByte(json, at, 'Expected a value');
  }
  return elements;
}

/** Passes each member to `take` and returns the offset after the object. */
function scanMembers(json: Buffer, from: number, maxDepth: number, take: (member: MemberSpan) => void): number {
  let at = skipSpace(json, from);
  if (json[at] !== OPEN_BRACE) refuseByte(json, at, 'Expected an object');
  at = skipSpace(json, at + 1);
  while (json[at] !== CLOSE_BRACE) {
    const member = readMember(json, at, maxDepth);
    take(member);
    at = skipSpace(json, member.end);
    if (json[at] === CLOSE_BRACE) break;
    if (json[at] !== COMMA) refuseByte(json, at, 'Expected a comma or the end of the object');
    at = skipSpace(json, at + 1);
    if (json[at] === CLOSE_BRACE) refuseByte(json, at, 'Expected a member name in quotes');
  }
  return at + 1;
}

function readMember(json: Buffer, at: number, maxDepth: number): MemberSpan {
  if (json[at] !== QUOTE) refuseByte(json, at, 'Expected a member name in quotes');
  const keyEnd = closingQuote(json, at) + 1;
  const key = readKey(json, at, keyEnd);
  const colon = skipSpace(json, keyEnd);
  if (json[colon] !== COLON) refuseByte(json, colon, 'Expected a colon after the member name');
  const start = skipSpace(json, colon + 1);
  return { key, start, end: endOfValue(json, start, maxDepth) };
}

function endOfValue(json: Buffer, start: number, maxDepth: number): number {
  const first = json[start];
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return closingBracket(json, start, maxDepth) + 1;
  return first === QUOTE ? closingQuote(json, start) + 1 : endOfWord(json, start);
}

function readKey(json: Buffer, start: number, end: number): string {
  const key = readScalar(json, start, end);
  return isText(key) ? decodeText(key) : '';
}

/** The text of a short string literal that is plain ASCII without escapes, else undefined. */
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

/** The end of a number, `true` and the like: the first byte that can follow one. */
function endOfWord(json: Buffer, start: number): number {
  let at = start;
  while (at < json.length && !endsWord(json[at])) at += 1;
  if (at === json.length) refuseByte(json, at, '');
  return at;
}

function endsWord(byte: number | undefined): boolean {
  return byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || isSpace(byte);
}
