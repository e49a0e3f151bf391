import { BACKSLASH, CARRIAGE_RETURN, CLOSE_BRACE, LINE_FEED, OPEN_BRACE, QUOTE, SPACE, TAB } from '../bytes.ts';
import { JsonDepthError, JsonSyntaxError } from './json-value.ts';

/** Most strings end within so many bytes, sooner than a native search has begun. */
const nearBytes = 24;

/**
 * The offset of the bracket that closes the one at `open`. Strings must end and brackets balance; no more is checked.
 * Throws `JsonDepthError` where more than `maxDepth` are open.
 */
export function closingBracket(json: Buffer, open: number, maxDepth = Number.POSITIVE_INFINITY): number {
  const { length } = json;
  let depth = 0;
  for (let at = open; at < length; at += 1) {
    const byte = json[at] ?? 0;
    if (byte === QUOTE) at = closingQuote(json, at);
    else if (isOpening(byte)) {
      depth += 1;
      if (depth > maxDepth) throw new JsonDepthError(maxDepth);
    } else if (isClosing(byte)) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return refuseByte(json, length, '');
}

/** Both kinds of bracket differ in the same bit: one comparison does for the two. */
export function isOpening(byte: number): boolean {
  return (byte | 0x20) === OPEN_BRACE;
}

export function isClosing(byte: number): boolean {
  return (byte | 0x20) === CLOSE_BRACE;
}

/** The offset of the quote that closes the one at `open`. */
export function closingQuote(json: Buffer, open: number): number {
  let at = open + 1;
  for (const near = at + nearBytes; at < near; at += 1) {
    const byte = json[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at += 1;
  }
  return farQuote(json, at);
}

function farQuote(json: Buffer, from: number): number {
  let at = json.indexOf(QUOTE, from);
  while (at >= 0 && isEscaped(json, at, from)) at = json.indexOf(QUOTE, at + 1);
  return at < 0 ? refuseByte(json, json.length, '') : at;
}

/** Whether an odd number of backslashes comes before; no escape reaches over `from`. */
function isEscaped(json: Buffer, quote: number, from: number): boolean {
  let at = quote - 1;
  while (at >= from && json[at] === BACKSLASH) at -= 1;
  return (quote - at) % 2 === 0;
}

/** The offset of the first byte from `from` on that is no white space. */
export function skipSpace(json: Buffer, from: number): number {
  let at = from;
  while (isSpace(json[at])) at += 1;
  return at;
}

export function isSpace(byte: number | undefined): boolean {
  return byte === SPACE || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB;
}

/** Fails at a byte, or says that the JSON ends too early. */
export function refuseByte(json: Buffer, at: number, reason: string): never {
  if (at >= json.length) throw new JsonSyntaxError('The JSON ends too early', json.length);
  throw new JsonSyntaxError(reason, at);
}
