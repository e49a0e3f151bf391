import { decodeText, isJsonObject, isText, RawJson, RawText, writeJson } from '@ccg/wire';
import type { JsonText, JsonValue } from '@ccg/wire';

/**
 * A text as the content of a JSON string literal, a byte string. Text that came from JSON stays as it is, so that
 * escapes that are split over two deltas, such as the halves of a surrogate pair, survive.
 */
export function textLiteral(text: JsonText): string {
  if (text instanceof RawText) return text.source.slice(text.start, text.end);
  return writeJson(text).slice(1, -1);
}

/** The same for a value that should be a text; undefined for an empty one and for anything else. */
export function nonEmptyLiteral(value: JsonValue | undefined): string | undefined {
  const literal = isText(value) ? textLiteral(value) : '';
  return literal === '' ? undefined : literal;
}

/** The arguments of a call as a literal: backends give them as JSON text or as the object itself, and proxies turn one into the other. */
export function inputLiteral(value: JsonValue | undefined): string | undefined {
  if (isText(value)) return textLiteral(value);
  return isJsonObject(value) || value instanceof RawJson ? jsonLiteral(writeJson(value)) : undefined;
}

/** The text that the content of a JSON string literal stands for. */
export function decodeLiteral(literal: string): string {
  return decodeText(new RawText(literal, 0, literal.length));
}

/** A byte string of JSON as the content of a string literal: only quotes, backslashes and line ends are escaped. */
export function jsonLiteral(json: string): string {
  return JSON.stringify(json).slice(1, -1);
}

/** Whether the content of a string literal is only white space. */
export function isBlank(literal: string): boolean {
  return /^(?:[ \t]|\\[nrt])*$/u.test(literal);
}

export function withoutLeadingBlanks(literal: string): string {
  return literal.replace(/^(?:[ \t]|\\[nrt])+/u, '');
}
