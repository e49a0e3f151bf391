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
import { closingQuote, isSpace, measureBrackets, refuseByte, skipSpace } from './byte-scan.ts';
import { isText, refuseLimit, unlimited } from './json-value.ts';
import type { JsonLimits, JsonText } from './json-value.ts';
import { readSpan } from './read-json.ts';
import type { Span } from './read-json.ts';
import { decodeText } from './text.ts';

/** One member of an object. Its value, the bytes `start` to `end`, has not been read. */
export interface MemberSpan extends Span {
  /** The name as Unicode text, escapes decoded. */
  readonly key: string;
  /** How many elements or members the value has, if it is a list or an object. */
  readonly elements: number;
  /** How many JSON values it is, itself included. */
  readonly values: number;
}

/** One member of the outermost object. */
export interface TopLevelEntry extends MemberSpan {
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
export function readTopLevel(bytes: Uint8Array, limits = unlimited): TopLevel {
  const json = viewOf(bytes);
  const { members, end } = scanMembers(json, 0, Infinity, limits);
  // Spreads would take several times as much memory here and in `readMember`, for every request.
  const entries = members.map(({ key, start, end: valueEnd, elements, values }) => {
    const span = { start, end: valueEnd };
    return { key, start, end: valueEnd, elements, values, scalar: readScalar(json, span) };
  });
  const rest = skipSpace(json, end);
  if (rest < json.length) refuseByte(json, rest, 'Expected nothing after the JSON value');
  return { entries };
}

/** The deepest nesting that is accepted inside of a value. */
const depthMax = 512;

/**
 * Finds the members of the object at `start`, by the rules of `readTopLevel`. Throws `JsonSyntaxError`, or
 * `JsonDepthError` for a value that is nested more than 512 levels deep.
 */
export function readMembers(bytes: Uint8Array, { start, end }: Span): readonly MemberSpan[] {
  return scanMembers(viewOf(bytes.subarray(0, end)), start, depthMax, unlimited).members;
}

/** Finds the elements of the array at `start`. Throws as `readMembers` does. */
export function readElements(bytes: Uint8Array, { start, end }: Span): readonly Span[] {
  const json = viewOf(bytes.subarray(0, end));
  const elements: Span[] = [];
  let at = skipSpace(json, start);
  if (json[at] !== OPEN_BRACKET) refuseByte(json, at, 'Expected an array');
  at = skipSpace(json, at + 1);
  while (json[at] !== CLOSE_BRACKET) {
    const element = { start: at, end: measureValue(json, at, depthMax, unlimited).end };
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

interface Scanned {
  readonly members: readonly MemberSpan[];
  /** The offset after the object. */
  readonly end: number;
}

function scanMembers(json: Buffer, from: number, maxDepth: number, limits: JsonLimits): Scanned {
  const members: MemberSpan[] = [];
  let at = skipSpace(json, from);
  if (json[at] !== OPEN_BRACE) refuseByte(json, at, 'Expected an object');
  at = skipSpace(json, at + 1);
  while (json[at] !== CLOSE_BRACE) {
    if (members.length === limits.members) refuseLimit(limits, 'members', at);
    const member = readMember(json, at, maxDepth, limits);
    members.push(member);
    at = skipSpace(json, member.end);
    if (json[at] === CLOSE_BRACE) break;
    if (json[at] !== COMMA) refuseByte(json, at, 'Expected a comma or the end of the object');
    at = skipSpace(json, at + 1);
    if (json[at] === CLOSE_BRACE) refuseByte(json, at, 'Expected a member name in quotes');
  }
  return { members, end: at + 1 };
}

function readMember(json: Buffer, at: number, maxDepth: number, limits: JsonLimits): MemberSpan {
  if (json[at] !== QUOTE) refuseByte(json, at, 'Expected a member name in quotes');
  const keyEnd = closingQuote(json, at) + 1;
  if (keyEnd - at - 2 > limits.nameLength) refuseLimit(limits, 'nameLength', at);
  const key = readKey(json, at, keyEnd);
  const colon = skipSpace(json, keyEnd);
  if (json[colon] !== COLON) refuseByte(json, colon, 'Expected a colon after the member name');
  const start = skipSpace(json, colon + 1);
  const { end, elements, values } = measureValue(json, start, maxDepth, limits);
  return { key, start, end, elements, values };
}

function measureValue(
  json: Buffer,
  start: number,
  maxDepth: number,
  limits: JsonLimits,
): Pick<MemberSpan, 'end' | 'elements' | 'values'> {
  const first = json[start];
  if (first === OPEN_BRACE || first === OPEN_BRACKET) {
    const { close, elements, values } = measureBrackets(json, start, maxDepth);
    return { end: close + 1, elements, values };
  }
  const end = first === QUOTE ? closingQuote(json, start) + 1 : endOfWord(json, start);
  if (first !== QUOTE && end - start > limits.numberLength) refuseLimit(limits, 'numberLength', start);
  return { end, elements: 0, values: 1 };
}

function readKey(json: Buffer, start: number, end: number): string {
  const key = readScalar(json, { start, end });
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

const integerMaxDigits = 15;

/** `true`, `false` and plain whole numbers, which stand in every request; undefined for all else. */
function plainWord(json: Buffer, start: number, end: number): boolean | number | undefined {
  if (end - start > integerMaxDigits) return undefined;
  const word = json.toString('latin1', start, end);
  if (word === 'true' || word === 'false') return word === 'true';
  return /^(?:0|[1-9]\d*)$/u.test(word) ? Number(word) : undefined;
}

/** Undefined for an object or an array, which is not read. */
function readScalar(json: Buffer, { start, end }: Span): TopLevelEntry['scalar'] {
  if (json[start] === OPEN_BRACE || json[start] === OPEN_BRACKET) return undefined;
  const value = plainText(json, start, end) ?? plainWord(json, start, end) ?? readSpan(json, { start, end });
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
