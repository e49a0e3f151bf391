import { CLOSE_BRACKET, COMMA, OPEN_BRACKET, QUOTE, viewOf } from '../bytes.ts';
import { closingBracket, closingQuote, isClosing, isOpening, skipSpace } from '../json/byte-scan.ts';

/** Counting the JSON values of a body stops here. It takes about 10 ms. */
export const valuesCountMax = 1_000_000;

/**
 * Counts the JSON values in a body of which the top level was read: strings, numbers, objects, lists and the words.
 * Names of members do not count. Nothing is parsed.
 */
export function countValues(body: Uint8Array): number {
  const json = viewOf(body);
  let count = 1;
  for (let at = 0; at < json.length && count < valuesCountMax; at += 1) {
    const byte = json[at] ?? 0;
    if (byte === QUOTE) at = closingQuote(json, at);
    else if (byte === COMMA) count += 1;
    // A list or an object has one value more than commas, if it is not empty.
    else if (isOpening(byte) && !isClosing(json[skipSpace(json, at + 1)] ?? 0)) count += 1;
  }
  return count;
}

/** Counts the elements of a list in JSON bytes; 0 if the value is none. Nothing is parsed. */
export function countElementsOf(list: Uint8Array | undefined): number {
  if (list?.[0] !== OPEN_BRACKET) return 0;
  const json = viewOf(list);
  let count = json[skipSpace(json, 1)] === CLOSE_BRACKET ? 0 : 1;
  for (let at = 1; at < json.length; at += 1) {
    const byte = json[at] ?? 0;
    if (byte === QUOTE) at = closingQuote(json, at);
    else if (isOpening(byte)) at = closingBracket(json, at);
    else if (byte === COMMA) count += 1;
  }
  return count;
}
