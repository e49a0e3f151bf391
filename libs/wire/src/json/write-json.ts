import { encodeText, stringToBytes } from '../bytes.ts';
import { JoinedText, RawJson, RawText } from './json-value.ts';
import type { JsonArray, JsonObject, JsonValue } from './json-value.ts';

/** What has been written. Where bytes are wanted the text goes into them from time to time. */
interface Output {
  text: string;
  readonly bytes: Bytes | undefined;
}

interface Bytes {
  /** How long the buffer is at first. */
  readonly firstRoom: number;
  buffer: Buffer;
  length: number;
}

/** Far below 128 KB, from which on strings are expensive to make. */
const textMaxLength = 32 * 1024;
/** A shorter text is copied faster together with what stands around it. */
const longTextMinLength = 1024;

/**
 * Writes JSON as a byte string. Plain strings and names are Unicode text and are escaped and encoded as needed. Raw
 * texts and raw subtrees are copied as they came. Undefined members are left out. Infinity, which a number too large is
 * read as, becomes such a number again; NaN becomes null.
 */
export function writeJson(value: JsonValue): string {
  const output = { text: '', bytes: undefined };
  write(output, value);
  return output.text;
}

/**
 * Writes an object as `writeJson` does, but as bytes: long texts go from their source right into them, so that no long
 * string is made. `likelyLength` is about how many bytes it will be.
 */
export function writeJsonBytes(object: JsonObject, likelyLength: number): Uint8Array {
  const bytes = { firstRoom: Math.ceil(likelyLength * 1.125), buffer: Buffer.alloc(0), length: 0 };
  const output = { text: '', bytes };
  write(output, object);
  if (bytes.length === 0) return stringToBytes(output.text);
  putIn(bytes, output.text);
  return bytes.buffer.subarray(0, bytes.length);
}

function write(output: Output, value: JsonValue): void {
  if (typeof value === 'string') output.text += writeString(value);
  else if (typeof value === 'number') output.text += writeNumber(value);
  else if (typeof value === 'boolean') output.text += value ? 'true' : 'false';
  else if (value === null) output.text += 'null';
  else if (value instanceof RawText) writeRawText(output, value);
  else if (value instanceof RawJson) copy(output, value);
  else if (Array.isArray(value)) writeArray(output, value);
  else if (value instanceof JoinedText) writeJoined(output, value);
  else writeObject(output, value);
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

function writeRawText(output: Output, text: RawText): void {
  output.text += '"';
  copy(output, text);
  output.text += '"';
}

function writeArray(output: Output, array: JsonArray): void {
  output.text += '[';
  for (let index = 0; index < array.length; index += 1) {
    if (index > 0) output.text += ',';
    write(output, array[index] ?? null);
    emptyIfLong(output);
  }
  output.text += ']';
}

function writeJoined(output: Output, text: JoinedText): void {
  output.text += '"';
  for (const part of text.parts) {
    if (typeof part === 'string') output.text += writeString(part).slice(1, -1);
    else copy(output, part);
  }
  output.text += '"';
}

function writeObject(output: Output, object: JsonObject): void {
  let separator = '{';
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value === undefined) continue;
    output.text += `${separator}${writeString(key)}:`;
    write(output, value);
    separator = ',';
  }
  output.text += separator === '{' ? '{}' : '}';
  emptyIfLong(output);
}

/** Copies what is written as it came. */
function copy(output: Output, { source, start, end }: RawText | RawJson): void {
  const text = source.slice(start, end);
  if (output.bytes === undefined || text.length < longTextMinLength) output.text += text;
  else {
    putIn(output.bytes, output.text);
    putIn(output.bytes, text);
    output.text = '';
  }
}

function emptyIfLong(output: Output): void {
  if (output.bytes === undefined || output.text.length < textMaxLength) return;
  putIn(output.bytes, output.text);
  output.text = '';
}

function putIn(bytes: Bytes, text: string): void {
  const end = bytes.length + text.length;
  if (end > bytes.buffer.length) {
    const { buffer } = bytes;
    bytes.buffer = Buffer.allocUnsafeSlow(Math.max(bytes.firstRoom, 2 * buffer.length, end));
    buffer.copy(bytes.buffer, 0, 0, bytes.length);
  }
  bytes.buffer.write(text, bytes.length, 'latin1');
  bytes.length = end;
}
