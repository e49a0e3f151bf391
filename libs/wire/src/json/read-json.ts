import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  DOT,
  NINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  ZERO,
  bytesToString,
} from '../bytes.ts';
import {
  decodeLiteral,
  enter,
  findControls,
  leave,
  refuse,
  skipColon,
  skipNumber,
  skipString,
  skipValue,
  skipWhitespace,
  skipWord,
} from './json-scan.ts';
import type { JsonScan } from './json-scan.ts';
import { JsonSyntaxError, RawJson, RawText, refuseLimit, unlimited } from './json-value.ts';
import type { JsonArray, JsonLimits, JsonObject, JsonValue } from './json-value.ts';

export interface ReadJsonOptions {
  /** Members of these names stay `RawJson`, at any depth, when their value is an object or an array. */
  readonly rawKeys?: ReadonlySet<string>;
  /** Whether the outermost object or array, too, stays `RawJson`. */
  readonly isRaw?: boolean;
  /** How deep arrays and objects may nest; 512 by default. */
  readonly maxDepth?: number;
  /** A plain ASCII string of this many bytes or more stays `RawText` too; 64 by default. */
  readonly rawTextMinLength?: number;
  /** Limits of what is read. What stays raw is cheap, whatever is in it. */
  readonly limits?: JsonLimits;
}

interface JsonReader extends JsonScan {
  readonly rawKeys: ReadonlySet<string>;
  readonly rawTextMinLength: number;
  readonly limits: JsonLimits;
  /** Short strings read before, by a weak hash. They repeat so often that finding one is cheaper than making it. */
  readonly seen: string[];
}

/** A power of two. */
const SEEN_SLOTS = 256;
const SEEN_MAX_LENGTH = 32;
/** Whole numbers of this many digits are always exact. */
const SAFE_DIGITS = 15;
/** In shorter sources too few strings repeat. */
const SEEN_MIN_SOURCE = 2048;
const nothingSeen: readonly string[] = Array.from({ length: SEEN_SLOTS }, () => '');
const NO_KEYS: ReadonlySet<string> = new Set();

/**
 * Reads JSON (RFC 8259) from a byte string. It accepts what `JSON.parse` accepts and gives the same values, with two
 * exceptions: strings that are long, escaped or not ASCII stay slices of the source (`RawText`), and members named in
 * `rawKeys` are checked but stay `RawJson`. Names of members are Unicode text. The tree keeps the source in memory.
 * Throws `JsonSyntaxError` or `JsonDepthError`.
 */
export function readJson(source: string, options: ReadJsonOptions = {}): JsonValue {
  return readWhole(source, options).value;
}

interface WholeJson {
  readonly value: JsonValue;
  /** Whether an escape is a half of a surrogate pair: only then can one stand alone. */
  readonly hasSurrogates: boolean;
}

function readWhole(source: string, options: ReadJsonOptions): WholeJson {
  const reader: JsonReader = {
    source,
    maxDepth: options.maxDepth ?? 512,
    controls: findControls(source),
    position: 0,
    depth: 0,
    nextBackslash: -1,
    hasSurrogates: false,
    rawKeys: options.rawKeys ?? NO_KEYS,
    rawTextMinLength: options.rawTextMinLength ?? 64,
    limits: options.limits ?? unlimited,
    seen: source.length < SEEN_MIN_SOURCE ? [] : nothingSeen.slice(),
  };
  const code = skipWhitespace(reader);
  const value = options.isRaw === true && isNested(code) ? readRaw(reader, code) : readValue(reader, code);
  skipWhitespace(reader);
  if (reader.position < source.length) refuse(reader, 'Expected nothing after the JSON value');
  return { value, hasSurrogates: reader.hasSurrogates };
}

function readValue(reader: JsonReader, code: number): JsonValue {
  switch (code) {
    case QUOTE:
      return readString(reader);
    case OPEN_BRACE:
      return readObject(reader);
    case OPEN_BRACKET:
      return readArray(reader);
    case 0x74:
      skipWord(reader, 'true');
      return true;
    case 0x66:
      skipWord(reader, 'false');
      return false;
    case 0x6e:
      skipWord(reader, 'null');
      return null;
    default:
      return readNumber(reader, code);
  }
}

function readObject(reader: JsonReader): JsonObject {
  enter(reader);
  const object: JsonObject = {};
  let code = skipWhitespace(reader);
  if (code !== CLOSE_BRACE) {
    for (let members = 1; ; members += 1) {
      if (code !== QUOTE) refuse(reader, 'Expected a member name in quotes');
      if (members > reader.limits.members) refuseLimit(reader.limits, 'members', reader.position);
      const key = readKey(reader);
      skipColon(reader);
      const value = readMember(reader, key);
      if (key === '__proto__') defineProto(object, value);
      else object[key] = value;
      code = skipWhitespace(reader);
      if (code !== COMMA) break;
      reader.position += 1;
      code = skipWhitespace(reader);
    }
    if (code !== CLOSE_BRACE) refuse(reader, 'Expected a comma or the end of the object');
  }
  leave(reader);
  return object;
}

function readMember(reader: JsonReader, key: string): JsonValue {
  const code = skipWhitespace(reader);
  return isNested(code) && reader.rawKeys.has(key) ? readRaw(reader, code) : readValue(reader, code);
}

function isNested(code: number): boolean {
  return code === OPEN_BRACE || code === OPEN_BRACKET;
}

function readRaw(reader: JsonReader, code: number): RawJson {
  const start = reader.position;
  skipValue(reader, code);
  return new RawJson(reader.source, start, reader.position);
}

/** Defines the member, because an assignment would set the prototype. */
function defineProto(object: JsonObject, value: JsonValue): void {
  Object.defineProperty(object, '__proto__', { value, writable: true, enumerable: true, configurable: true });
}

function readArray(reader: JsonReader): JsonArray {
  enter(reader);
  const array: JsonArray = [];
  let code = skipWhitespace(reader);
  if (code !== CLOSE_BRACKET) {
    for (;;) {
      array.push(readValue(reader, code));
      code = skipWhitespace(reader);
      if (code !== COMMA) break;
      reader.position += 1;
      code = skipWhitespace(reader);
    }
    if (code !== CLOSE_BRACKET) refuse(reader, 'Expected a comma or the end of the array');
  }
  leave(reader);
  return array;
}

function readString(reader: JsonReader): string | RawText {
  const start = reader.position + 1;
  const end = skipString(reader);
  return plainText(reader, start, end, reader.rawTextMinLength) ?? new RawText(reader.source, start, end);
}

function readKey(reader: JsonReader): string {
  const start = reader.position + 1;
  const end = skipString(reader);
  if (end - start > reader.limits.nameLength) refuseLimit(reader.limits, 'nameLength', start - 1);
  return plainText(reader, start, end, Infinity) ?? decodeLiteral(reader.source, start - 1, end + 1);
}

/** The text itself if it is ASCII without escapes and shorter than `maxLength`, else undefined. */
function plainText(reader: JsonReader, start: number, end: number, maxLength: number): string | undefined {
  const { source, seen } = reader;
  const length = end - start;
  if (length >= maxLength) return undefined;
  if (length === 0) return '';
  if (length > SEEN_MAX_LENGTH || seen.length === 0)
    return isPlain(source, start, end) ? source.slice(start, end) : undefined;
  const slot = (source.charCodeAt(start) * 7 + source.charCodeAt(end - 1) * 31 + length * 13) & (SEEN_SLOTS - 1);
  const candidate = seen[slot];
  if (candidate?.length === length && source.startsWith(candidate, start)) return candidate;
  if (!isPlain(source, start, end)) return undefined;
  const text = source.slice(start, end);
  seen[slot] = text;
  return text;
}

function isPlain(source: string, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const code = source.charCodeAt(at);
    if (code > 0x7f || code === BACKSLASH) return false;
  }
  return true;
}

function readNumber(reader: JsonReader, first: number): number {
  const { source } = reader;
  const start = reader.position;
  // A fast path for short whole numbers. Zero takes the slow one, because of leading zeros and of its sign.
  let value = 0;
  let code = first;
  let at = start;
  if (code !== ZERO) {
    for (; code >= ZERO && code <= NINE && at - start < SAFE_DIGITS; code = source.charCodeAt(at)) {
      value = value * 10 + (code - ZERO);
      at += 1;
    }
  }
  if (at > start && code !== DOT && (code | 0x20) !== 0x65 && !(code >= ZERO && code <= NINE)) {
    reader.position = at;
    return value;
  }
  skipNumber(reader, first);
  if (reader.position - start > reader.limits.numberLength) refuseLimit(reader.limits, 'numberLength', start);
  return Number(source.slice(start, reader.position));
}

/** A stretch of bytes or of a byte string, from `start` up to `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads the JSON value in a stretch of bytes. Throws `JsonDepthError`, or `JsonSyntaxError` with the offset in all the
 * bytes. Only the stretch is made into a string.
 */
export function readSpan(bytes: Uint8Array, { start, end }: Span): JsonValue {
  return readFrom(bytesToString(bytes.subarray(start, end)), start, {}).value;
}

/** Reads a byte string that was cut from a longer one at `offset`; errors give offsets in the longer one. */
export function readFrom(text: string, offset: number, options: ReadJsonOptions): WholeJson {
  try {
    return readWhole(text, options);
  } catch (thrown) {
    if (thrown instanceof JsonSyntaxError) throw thrown.movedBy(offset);
    throw thrown;
  }
}
