/** Bytes as a byte string: one character per byte. */
export function bytesToString(bytes: Uint8Array): string {
  return viewOf(bytes).toString('latin1');
}

/** A byte string as bytes; characters above U+00FF, which a byte string never holds, lose their upper bits. */
export function stringToBytes(byteString: string): Uint8Array {
  return Buffer.from(byteString, 'latin1');
}

/** Encodes Unicode text as UTF-8, in a byte string. A lone surrogate becomes U+FFFD. */
export function encodeText(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** Decodes UTF-8 in a byte string. Malformed bytes become U+FFFD. */
export function decodeByteString(byteString: string): string {
  return isAscii(byteString) ? byteString : Buffer.from(byteString, 'latin1').toString('utf8');
}

/** Whether a byte string is well-formed UTF-8. */
export function isUtf8Text(byteString: string): boolean {
  let at = 0;
  while (at < byteString.length) {
    const length = byteString.charCodeAt(at) < 0x80 ? 1 : sequenceLength(byteString, at);
    if (length === 0) return false;
    at += length;
  }
  return true;
}

/** The length of the sequence that encodes one character, or 0 for what is none: for short texts faster than decoding. */
function sequenceLength(byteString: string, at: number): number {
  const [first, second] = [byteString.charCodeAt(at), byteString.charCodeAt(at + 1)];
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  // The shortest form alone, no surrogates, nothing above U+10FFFF.
  const min = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const max = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (first < 0xc2 || first > 0xf4 || !(second >= min && second <= max)) return 0;
  for (let next = at + 2; next < at + length; next += 1) {
    const code = byteString.charCodeAt(next);
    if (!(code >= 0x80 && code <= 0xbf)) return 0;
  }
  return length;
}

/** Pieces as one. A single piece is not copied. */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  return only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces);
}

/** Whether bytes are well-formed UTF-8. */
export function isUtf8Bytes(bytes: Uint8Array): boolean {
  try {
    strictDecoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

const strictDecoder = new TextDecoder('utf-8', { fatal: true });

/** The same bytes with the methods of a `Buffer`. */
export function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isAscii(text: string): boolean {
  return !/[\u0080-\uffff]/.test(text);
}

/** A byte string that replaces the bytes from `start` up to `end`. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/**
 * Replaces stretches of bytes. Without splices it returns the same bytes, else a copy. The splices must be in order and
 * must not overlap.
 */
export function spliceBytes(bytes: Uint8Array, splices: readonly Splice[]): Uint8Array {
  if (splices.length === 0) return bytes;
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const { start, end, replacement } of splices) {
    pieces.push(bytes.subarray(at, start));
    if (replacement !== '') pieces.push(Buffer.from(replacement, 'latin1'));
    at = end;
  }
  pieces.push(bytes.subarray(at));
  return Buffer.concat(pieces);
}

/* Codes of the characters that JSON and event streams are made of. */
export const TAB = 0x09;
export const LINE_FEED = 0x0a;
export const CARRIAGE_RETURN = 0x0d;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const PLUS = 0x2b;
export const COMMA = 0x2c;
export const MINUS = 0x2d;
export const DOT = 0x2e;
export const SLASH = 0x2f;
export const ZERO = 0x30;
export const NINE = 0x39;
export const COLON = 0x3a;
export const OPEN_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
