const lookBehind = 512;
const space = 0x20;
const backslash = 0x5c;
/** As long as `\uXXXX`. */
const escapeMaxLength = 6;

/**
 * Where to end a slice of at most `maxLength` characters of the content of a JSON string, a byte string: before a
 * space if one is near, else at a place that cuts neither an escape nor a character in two.
 */
export function sliceEnd(source: string, start: number, end: number, maxLength: number): number {
  const limit = start + maxLength;
  if (limit >= end) return end;
  const nearest = Math.max(start + 1, limit - lookBehind);
  // A word and the space before it are one token mostly.
  for (let at = limit; at >= nearest; at -= 1) if (source.charCodeAt(at) === space) return at;
  let at = limit;
  while (at > nearest && isContinuation(source.charCodeAt(at))) at -= 1;
  return beforeEscape(source, nearest, at);
}

function isContinuation(byte: number): boolean {
  return byte >= 0x80 && byte < 0xc0;
}

/** `at`, or the start of the escape that it is within. */
function beforeEscape(source: string, start: number, at: number): number {
  const from = Math.max(start, at - escapeMaxLength + 1);
  for (let place = at - 1; place >= from; place -= 1) {
    if (source.charCodeAt(place) !== backslash) continue;
    let first = place;
    while (first > start && source.charCodeAt(first - 1) === backslash) first -= 1;
    const opensEscape = (place - first) % 2 === 0;
    if (!opensEscape) return at;
    const length = source.charCodeAt(place + 1) === 0x75 ? escapeMaxLength : 2;
    return place + length > at ? place : at;
  }
  return at;
}
