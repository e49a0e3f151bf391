import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from '../characters.ts';
import {
  createScan,
  decodeLiteral,
  refuse,
  refuseControlsBetween,
  skipColon,
  skipString,
  skipValue,
  skipWhitespace,
} from './json-scan.ts';
import type { JsonScan } from './json-scan.ts';

/** One member of the outermost object; its value is the characters `start` to `end`. */
export interface TopLevelEntry {
  /** The name as Unicode text, escapes decoded. */
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

export interface TopLevel {
  /** In order; a name that comes twice is here twice. */
  readonly entries: readonly TopLevelEntry[];
}

/**
 * Finds the members of the outermost object of a JSON byte string. Outside of nested objects and arrays the syntax is
 * checked; inside of them only that brackets balance and strings end. Throws `JsonSyntaxError`, also when the value is
 * not an object.
 */
export function readTopLevel(source: string): TopLevel {
  const scan = createScan(source);
  const entries: TopLevelEntry[] = [];
  if (skipWhitespace(scan) !== OPEN_BRACE) refuse(scan, 'Expected an object');
  scan.position += 1;
  let code = skipWhitespace(scan);
  if (code !== CLOSE_BRACE) {
    for (;;) {
      if (code !== QUOTE) refuse(scan, 'Expected a member name in quotes');
      entries.push(readEntry(scan));
      code = skipWhitespace(scan);
      if (code !== COMMA) break;
      scan.position += 1;
      code = skipWhitespace(scan);
    }
    if (code !== CLOSE_BRACE) refuse(scan, 'Expected a comma or the end of the object');
  }
  scan.position += 1;
  skipWhitespace(scan);
  if (scan.position < source.length) refuse(scan, 'Expected nothing after the JSON value');
  return { entries };
}

function readEntry(scan: JsonScan): TopLevelEntry {
  const key = readText(scan);
  skipColon(scan);
  const code = skipWhitespace(scan);
  const start = scan.position;
  if (code === OPEN_BRACE || code === OPEN_BRACKET) scan.position = findClosingBracket(scan);
  else if (code === QUOTE) skipText(scan);
  else skipValue(scan, code);
  return { key, start, end: scan.position };
}

function readText(scan: JsonScan): string {
  const start = scan.position;
  skipText(scan);
  return decodeLiteral(scan.source, start, scan.position);
}

function skipText(scan: JsonScan): void {
  const start = scan.position;
  skipString(scan);
  refuseControlsBetween(scan.source, start, scan.position);
}

/** The offset after the bracket that closes the one at the scan's position. */
function findClosingBracket(scan: JsonScan): number {
  const { source } = scan;
  const { length } = source;
  let depth = 0;
  for (let at = scan.position; at < length; at += 1) {
    const code = source.charCodeAt(at);
    if (code === QUOTE) {
      at = findClosingQuote(source, at);
      if (at < 0) break;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  scan.position = length;
  return refuse(scan, 'Expected the end of an object or array');
}

function findClosingQuote(source: string, open: number): number {
  let at = source.indexOf('"', open + 1);
  while (at >= 0 && source.charCodeAt(at - 1) === BACKSLASH && isEscaped(source, at)) at = source.indexOf('"', at + 1);
  return at;
}

/** Whether an odd number of backslashes comes before. */
function isEscaped(source: string, quote: number): boolean {
  let at = quote - 1;
  while (source.charCodeAt(at) === BACKSLASH) at -= 1;
  return (quote - at) % 2 === 0;
}
