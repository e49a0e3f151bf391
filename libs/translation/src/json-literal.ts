import { decodeText, RawText, writeJson } from '@ccg/wire';
import type { JsonText } from '@ccg/wire';

/**
 * A text as the content of a JSON string literal, a byte string: what came from JSON is moved as it came, so
 * that escapes split over two deltas, such as the halves of a surrogate pair, survive.
 */
export function textLiteral(text: JsonText): string {
  if (text instanceof RawText) return text.source.slice(text.start, text.end);
  return writeJson(text).slice(1, -1);
}

/** The text that the content of a JSON string literal stands for. */
export function decodeLiteral(literal: string): string {
  return decodeText(new RawText(literal, 0, literal.length));
}

/** A byte string that is JSON as the content of a string literal; it stays one, only quotes and such are escaped. */
export function jsonLiteral(json: string): string {
  return JSON.stringify(json).slice(1, -1);
}

/** Whether the content of a string literal is white space alone. */
export function isBlank(literal: string): boolean {
  return /^(?:[ \t]|\\[nrt])*$/u.test(literal);
}
