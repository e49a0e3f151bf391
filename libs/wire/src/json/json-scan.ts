import {
  BACKSLASH,
  CARRIAGE_RETURN,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  DOT,
  LINE_FEED,
  MINUS,
  NINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  PLUS,
  QUOTE,
  SLASH,
  SPACE,
  TAB,
  ZERO,
  decodeByteString,
} from '../bytes.ts';
import { JsonDepthError, JsonSyntaxError } from './json-value.ts';

/** From this length on, 32 native searches for one character each are faster than one regular expression. */
const LONG_SOURCE = 1024;
/** A window of this size stays in the processor's cache while it is searched 32 times. */
const WINDOW = 32 * 1024;
const NO_CONTROLS: readonly SpacingControl[] = [];

/** A tab, line feed or carriage return, and its next offset after the last string that was checked. */
export interface SpacingControl {
  readonly character: string;
  next: number;
}

/** The state of a pass over a JSON byte string. */
export interface JsonScan {
  readonly source: string;
  readonly maxDepth: number;
  /** The white space among the control characters that occur. Strings must not contain it. */
  readonly controls: readonly SpacingControl[];
  position: number;
  depth: number;
  /** The offset of the first backslash after the last string that was checked, or the source's length. */
  nextBackslash: number;
  /** Whether an escape was a half of a surrogate pair, paired or not. */
  hasSurrogates: boolean;
}

/**
 * Finds the white space among the control characters of a source, once, so that strings are checked for it by comparing
 * offsets. Any other control character is refused here, because it is invalid inside and outside of strings.
 */
export function findControls(source: string): readonly SpacingControl[] {
  if (source.length < LONG_SOURCE && !/[^ -\uffff]/.test(source)) return NO_CONTROLS;
  const found: SpacingControl[] = [];
  for (let start = 0; start < source.length; start += WINDOW) {
    findControlsIn(source.slice(start, start + WINDOW), start, found);
  }
  return found;
}

function findControlsIn(window: string, start: number, found: SpacingControl[]): void {
  for (let code = 0; code < SPACE; code += 1) {
    const character = String.fromCharCode(code);
    const index = window.indexOf(character);
    if (index < 0) continue;
    if (code !== TAB && code !== LINE_FEED && code !== CARRIAGE_RETURN) {
      refuseAt(start + index, 'Unexpected control character');
    }
    if (found.every((control) => control.character !== character)) found.push({ character, next: start + index });
  }
}

/** Checks one value of any kind without allocating memory. `code` is the character at `position`. */
export function skipValue(scan: JsonScan, code: number): void {
  switch (code) {
    case QUOTE:
      skipString(scan);
      break;
    case OPEN_BRACE:
      skipObject(scan);
      break;
    case OPEN_BRACKET:
      skipArray(scan);
      break;
    case 0x74:
      skipWord(scan, 'true');
      break;
    case 0x66:
      skipWord(scan, 'false');
      break;
    case 0x6e:
      skipWord(scan, 'null');
      break;
    default:
      skipNumber(scan, code);
  }
}

function skipObject(scan: JsonScan): void {
  enter(scan);
  let code = skipWhitespace(scan);
  if (code !== CLOSE_BRACE) {
    for (;;) {
      if (code !== QUOTE) refuse(scan, 'Expected a member name in quotes');
      skipString(scan);
      skipColon(scan);
      skipValue(scan, skipWhitespace(scan));
      code = skipWhitespace(scan);
      if (code !== COMMA) break;
      scan.position += 1;
      code = skipWhitespace(scan);
    }
    if (code !== CLOSE_BRACE) refuse(scan, 'Expected a comma or the end of the object');
  }
  leave(scan);
}

function skipArray(scan: JsonScan): void {
  enter(scan);
  let code = skipWhitespace(scan);
  if (code !== CLOSE_BRACKET) {
    for (;;) {
      skipValue(scan, code);
      code = skipWhitespace(scan);
      if (code !== COMMA) break;
      scan.position += 1;
      code = skipWhitespace(scan);
    }
    if (code !== CLOSE_BRACKET) refuse(scan, 'Expected a comma or the end of the array');
  }
  leave(scan);
}

/** Steps over an opening bracket, one level deeper. */
export function enter(scan: JsonScan): void {
  scan.depth += 1;
  if (scan.depth > scan.maxDepth) throw new JsonDepthError(scan.maxDepth);
  scan.position += 1;
}

/** Steps over a closing bracket, one level up. */
export function leave(scan: JsonScan): void {
  scan.depth -= 1;
  scan.position += 1;
}

/** Steps over white space and returns the code of the next character, or NaN at the end of the source. */
export function skipWhitespace(scan: JsonScan): number {
  const { source } = scan;
  let at = scan.position;
  let code = source.charCodeAt(at);
  while (code <= SPACE && (code === SPACE || code === LINE_FEED || code === CARRIAGE_RETURN || code === TAB)) {
    at += 1;
    code = source.charCodeAt(at);
  }
  scan.position = at;
  return code;
}

export function skipColon(scan: JsonScan): void {
  if (skipWhitespace(scan) !== COLON) refuse(scan, 'Expected a colon after the member name');
  scan.position += 1;
}

/** Decodes the string literal from `start` to `end`, quotes included. */
export function decodeLiteral(source: string, start: number, end: number): string {
  const decoded: unknown = JSON.parse(decodeByteString(source.slice(start, end)));
  return String(decoded);
}

/** Checks the string that begins at `position`, steps over it and returns the offset of its closing quote. */
export function skipString(scan: JsonScan): number {
  const { source } = scan;
  const start = scan.position + 1;
  let close = source.indexOf('"', start);
  if (close < 0) refuseEnd(scan);
  if (scan.nextBackslash < start) scan.nextBackslash = indexOrEnd(source, '\\', start);
  if (scan.nextBackslash < close) close = skipEscapes(scan, close);
  if (scan.controls.length > 0) refuseControls(scan, start, close);
  scan.position = close + 1;
  return close;
}

/** Checks every escape up to the first quote that is not escaped, and returns that quote's offset. */
function skipEscapes(scan: JsonScan, firstQuote: number): number {
  const { source } = scan;
  let close = firstQuote;
  let at = scan.nextBackslash;
  while (at < close) {
    at = afterEscape(scan, at);
    if (close < at) {
      close = source.indexOf('"', at);
      if (close < 0) refuseEnd(scan);
    }
    if (source.charCodeAt(at) !== BACKSLASH) at = indexOrEnd(source, '\\', at);
  }
  scan.nextBackslash = at;
  return close;
}

function afterEscape(scan: JsonScan, at: number): number {
  const { source } = scan;
  switch (source.charCodeAt(at + 1)) {
    case 0x6e: // n
    case QUOTE:
    case BACKSLASH:
    case 0x74: // t
    case SLASH:
    case 0x72: // r
    case 0x62: // b
    case 0x66: // f
      return at + 2;
    case 0x75: // u
      for (let digit = at + 2; digit < at + 6; digit += 1) {
        if (!isHexDigit(source.charCodeAt(digit))) return refuseAt(at, 'Unknown escape in a string');
      }
      if (isSurrogate(source, at + 2)) scan.hasSurrogates = true;
      return at + 6;
    default:
      return refuseAt(at, 'Unknown escape in a string');
  }
}

/** Whether the four digits are D800 to DFFF. */
function isSurrogate(source: string, digits: number): boolean {
  return (source.charCodeAt(digits) | 0x20) === 0x64 && source.charCodeAt(digits + 1) > 0x37; // d, 7
}

function isHexDigit(code: number): boolean {
  const lower = code | 0x20;
  return (code >= ZERO && code <= NINE) || (lower >= 0x61 && lower <= 0x66);
}

function refuseControls(scan: JsonScan, start: number, end: number): void {
  for (const control of scan.controls) {
    if (control.next < start) control.next = indexOrEnd(scan.source, control.character, start);
    if (control.next < end) refuseAt(control.next, 'A control character in a string must be escaped');
  }
}

export function skipWord(scan: JsonScan, word: string): void {
  if (!scan.source.startsWith(word, scan.position)) refuse(scan, 'Expected a value');
  scan.position += word.length;
}

/** Checks a number by the grammar of JSON, which is stricter than that of JavaScript. */
export function skipNumber(scan: JsonScan, first: number): void {
  let code = first;
  if (code === MINUS) code = next(scan);
  if (code === ZERO) code = next(scan);
  else code = skipDigits(scan, code);
  if (code === DOT) code = skipDigits(scan, next(scan));
  if (code !== 0x65 && code !== 0x45) return; // e, E
  code = next(scan);
  if (code === PLUS || code === MINUS) code = next(scan);
  skipDigits(scan, code);
}

function skipDigits(scan: JsonScan, first: number): number {
  let code = first;
  if (!(code >= ZERO && code <= NINE)) refuse(scan, 'Expected a value');
  while (code >= ZERO && code <= NINE) code = next(scan);
  return code;
}

function next(scan: JsonScan): number {
  scan.position += 1;
  return scan.source.charCodeAt(scan.position);
}

function indexOrEnd(source: string, character: string, from: number): number {
  const index = source.indexOf(character, from);
  return index < 0 ? source.length : index;
}

/** Fails at the current position. */
export function refuse(scan: JsonScan, reason: string): never {
  if (scan.position >= scan.source.length) refuseEnd(scan);
  return refuseAt(scan.position, reason);
}

function refuseEnd(scan: JsonScan): never {
  return refuseAt(scan.source.length, 'The JSON ends too early');
}

function refuseAt(offset: number, reason: string): never {
  throw new JsonSyntaxError(reason, offset);
}
