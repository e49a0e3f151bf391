import { bytesToString } from '../bytes.ts';
import { JsonSyntaxError } from './json-errors.ts';
import type { JsonValue } from './json-value.ts';
import { readJson } from './read-json.ts';
import type { ReadJsonOptions } from './read-json.ts';

/** A stretch of bytes or of a byte string, from `start` up to `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads the JSON value that a stretch of bytes is, from a byte string of that stretch alone. Throws `JsonDepthError`,
 * and `JsonSyntaxError` with the offset in all the bytes.
 */
export function readSpan(bytes: Uint8Array, { start, end }: Span): JsonValue {
  return readFrom(bytesToString(bytes.subarray(start, end)), start);
}

/** Reads a byte string that stood behind `offset` other bytes, and says so in its errors. */
export function readFrom(text: string, offset: number, options?: ReadJsonOptions): JsonValue {
  try {
    return readJson(text, options);
  } catch (thrown) {
    if (thrown instanceof JsonSyntaxError) throw thrown.movedBy(offset);
    throw thrown;
  }
}
