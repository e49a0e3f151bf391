import { BACKSLASH, CARRIAGE_RETURN, CLOSE_BRACE, COMMA, LINE_FEED, OPEN_BRACE, QUOTE, SPACE, TAB } from '../bytes.ts';
import { JsonDepthError, JsonSyntaxError } from './json-value.ts';

/** Most strings end within this many bytes; for them a loop is faster than a native search. */
const nearBytes = 24;

/** A list or an object in JSON bytes. */
export interface Brackets {
  /** The offset of the bracket that closes it. */
  readonly close: number;
  /** How many elements or members it has. */
  readonly elements: number;
  /** How many JSON values it is, itself included: strings, numbers, objects, lists and the words. Names do not count. */
  readonly values: number;
}

/**
 * Finds the end of the list or object at `open`, and counts what is in it on the way. It checks only that strings end
 * and brackets balance. Throws `JsonDepthError` when more than `maxDepth` brackets are open.
 */
export function measureBrackets(json: Buffer, open: number, maxDepth = Number.POSITIVE_INFINITY): Brackets {
  const { length } = json;
  let depth = 0;
  let elements = 0;
  let values = 1;
  for (let at = open; at < length; at += 1) {
    const byte = json[at] ?? 0;
    if (byte === QUOTE) at = closingQuote(json, at);
    else if (byte === COMMA) {
      values += 1;
      if (depth === 1) elements += 1;
    } else if (isOpening(byte)) {
      depth += 1;
      if (depth > maxDepth) throw new JsonDepthError(maxDepth);
      // There is one value more than commas, unless it is empty.
      if (isClosing(json[skipSpace(json, at + 1)] ?? 0)) continue;
      values += 1;
      if (depth === 1) elements += 1;
    } else if (isClosing(byte)) {
      depth -= 1;
      if (depth === 0) return { close: at, elements, values };
    }
  }
  return refuseByte(json, length, '');
}

/** `[` and `{` differ in one bit, as do `]` and `}`, so one comparison is enough for both. */
export function isOpening(byte: number): boolean {
  return (byte | 0x20) === OPEN_BRACE;
}

export function isClosing(byte: number): boolean {
  return (byte | 0x20) === CLOSE_BRACE;
}

/** Finds the quote that closes the one at `open`. */
export function closingQuote(json: Buffer, open: number): number {
  for (let from = open + 1; ;) {
    let at = from;
    for (const near = at + nearBytes; at < near; at += 1) {
      const byte = json[at];
      if (byte === QUOTE) return at;
      if (byte === BACKSLASH) at += 1;
    }
    const quote = json.indexOf(QUOTE, at);
    if (quote < 0) return refuseByte(json, json.length, '');
    if (!isEscaped(json, quote, at)) return quote;
    from = quote + 1;
  }
}

/** Whether an odd number of backslashes stands before the quote. No escape crosses `from`. */
function isEscaped(json: Buffer, quote: number, from: number): boolean {
  let at = quote - 1;
  while (at >= from && json[at] === BACKSLASH) at -= 1;
  return (quote - at) % 2 === 0;
}

/** The offset of the first byte at or after `from` that is not white space. */
export function skipSpace(json: Buffer, from: number): number {
  let at = from;
  while (isSpace(json[at])) at += 1;
  return at;
}

export function isSpace(byte: number | undefined): boolean {
  return byte === SPACE || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB;
}

/** Fails at a byte, or because the JSON ends too early. */
export function refuseByte(json: Buffer, at: number, reason: string): never {
  if (at >= json.length) throw new JsonSyntaxError('The JSON ends too early', json.length);
  throw new JsonSyntaxError(reason, at);
}
