/** Bytes as a byte string: one character per byte. */
export function bytesToString(bytes: Uint8Array): string {
  return viewOf(bytes).toString('latin1');
}

/** A byte string as bytes; characters above U+00FF, which a byte string never holds, lose their upper bits. */
export function stringToBytes(byteString: string): Uint8Array {
  return Buffer.from(byteString, 'latin1');
}

/** Unicode text as the byte string of its UTF-8 form; a lone surrogate becomes U+FFFD. */
export function encodeText(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** The Unicode text whose UTF-8 bytes these are; malformed bytes become U+FFFD. */
export function decodeByteString(byteString: string): string {
  return isAscii(byteString) ? byteString : Buffer.from(byteString, 'latin1').toString('utf8');
}

/** The same bytes with the methods of a `Buffer`. */
export function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isAscii(text: string): boolean {
  return !/[\u0080-\uffff]/.test(text);
}
