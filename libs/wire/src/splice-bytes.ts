/** Another byte string in place of the bytes from `start` up to `end`. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/**
 * The bytes with some stretches replaced; the rest is copied once, and nothing where there is nothing to replace. The
 * splices are in order and do not overlap.
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
