import { encodeText, stringToBytes } from '../bytes.ts';
import { JoinedText, RawJson, RawText } from './json-value.ts';
import type { JsonArray, JsonObject, JsonValue } from './json-value.ts';

/**
 * Writes JSON as a byte string. Plain strings and names are Unicode text and are escaped and encoded as needed. Raw
 * texts and raw subtrees are copied as they came. Undefined members are left out. Infinity, which a number too large is
 * read as, becomes such a number again; NaN becomes null.
 */
export function writeJson(value: JsonValue): string {
  if (typeof value === 'string') return writeString(value);
  if (typeof value === 'number') return writeNumber(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (value === null) return 'null';
  if (value instanceof RawText) return `"${value.source.slice(value.start, value.end)}"`;
  if (value instanceof RawJson) return value.source.slice(value.start, value.end);
  if (Array.isArray(value)) return writeArray(value);
  if (value instanceof JoinedText) return writeJoined(value);
  return writeObject(value);
}

function writeString(text: string): string {
  if (isPlain(text)) return `"${text}"`;
  return encodeText(JSON.stringify(text));
}

function isPlain(text: string): boolean {
  // Most names and values are short; for them a loop is faster than a regular expression.
  if (text.length > 32) return !/["\\]|[^ -~]/.test(text);
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) return false;
  }
  return true;
}

function writeNumber(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value);
  if (Number.isNaN(value)) return 'null';
  return value > 0 ? '1e999' : '-1e999';
}

function writeArray(array: JsonArray): string {
  let out = '[';
  for (let index = 0; index < array.length; index += 1) {
    if (index > 0) out += ',';
    out += writeJson(array[index] ?? null);
  }
  return `${out}]`;
}

function writeJoined(text: JoinedText): string {
  let out = '"';
  for (const part of text.parts) {
    out += typeof part === 'string' ? writeString(part).slice(1, -1) : part.source.slice(part.start, part.end);
  }
  return `${out}"`;
}

function writeObject(object: JsonObject): string {
  let out = '{';
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value === undefined) continue;
    if (out.length > 1) out += ',';
    out += `${writeString(key)}:${writeJson(value)}`;
  }
  return `${out}}`;
}

/** Far below 128 KB, from which on strings are expensive to make. */
const pieceLength = 32 * 1024;

/**
 * Writes an object as `writeJson` does, but as bytes. Members are written one by one, and lists element by element, so
 * that no long string is made.
 */
export function writeJsonBytes(object: JsonObject): Uint8Array {
  const pieces: Uint8Array[] = [];
  let text = '{';
  let separator = '';
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value === undefined) continue;
    text += `${separator}${writeJson(key)}:`;
    if (Array.isArray(value)) writeList(value);
    else put(writeJson(value));
    separator = ',';
  }
  pieces.push(stringToBytes(`${text}}`));
  return Buffer.concat(pieces);

  function writeList(list: readonly JsonValue[]): void {
    text += '[';
    for (let at = 0; at < list.length; at += 1) put(`${at === 0 ? '' : ','}${writeJson(list[at] ?? null)}`);
    text += ']';
  }

  function put(written: string): void {
    text += written;
    if (text.length < pieceLength) return;
    pieces.push(stringToBytes(text));
    text = '';
  }
}
