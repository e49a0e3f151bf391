import { RawText, writeJson } from '@ccg/wire';
import type { JsonText } from '@ccg/wire';

/**
 * A text as the content of a JSON string literal, a byte string: what came from JSON is moved as it came, so
 * that escapes split over two deltas, such as the halves of a surrogate pair, survive.
 */
export function textLiteral(text: JsonText): string {
  if (text instanceof RawText) return text.source.slice(text.start, text.end);
  return writeJson(text).slice(1, -1);
}
