const high = String.raw`[dD][89abAB][0-9a-fA-F]{2}`;
const low = String.raw`[dD][c-fC-F][0-9a-fA-F]{2}`;
const half = String.raw`[dD][89a-fA-F][0-9a-fA-F]{2}`;
/** A pair of halves, one half alone, or any other escape: taken whole, so that no match begins within an escape. */
const escapes = new RegExp(String.raw`\\u${high}\\u${low}|(\\u${half})|\\[^]`, 'g');

/**
 * JSON text, or the content of a string literal, in which every half of a surrogate pair that stands alone is U+FFFD:
 * strict servers refuse what has no form in UTF-8. Only escapes can be halves, and the replacement is as long as they
 * are, so all offsets stay. Well-formed text is given back as it is.
 */
export function mendSurrogates(json: string): string {
  if (!json.includes('\\ud') && !json.includes('\\uD')) return json;
  return json.replace(escapes, (escape, alone: string | undefined) => (alone === undefined ? escape : '\\ufffd'));
}
