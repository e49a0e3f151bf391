import { BACKSLASH, NINE, ZERO } from '../bytes.ts';

const LETTER_A = 0x61;
const LETTER_U = 0x75;

/**
 * JSON text, or the content of a string literal, in which every half of a surrogate pair that stands alone is U+FFFD:
 * strict servers refuse what has no form in UTF-8. Only escapes can be halves, and the replacement is as long as they
 * are, so all offsets stay. Well-formed text is given back as it is.
 */
export function mendSurrogates(json: string): string {
  if (!json.includes('\\ud') && !json.includes('\\uD')) return json;
  const pieces: string[] = [];
  let copied = 0;
  for (let at = json.indexOf('\\'); at >= 0; at = json.indexOf('\\', at)) {
    const half = halfAt(json, at);
    if (half === 'high' && halfAt(json, at + escapeLength) === 'low') at += 2 * escapeLength;
    else if (half === 'none') at += 2;
    else {
      pieces.push(json.slice(copied, at), '\\ufffd');
      at += escapeLength;
      copied = at;
    }
  }
  return copied === 0 ? json : pieces.join('') + json.slice(copied);
}

const escapeLength = 6;

/** Which half of a surrogate pair an escape is. */
function halfAt(json: string, at: number): 'none' | 'high' | 'low' {
  if (json.charCodeAt(at) !== BACKSLASH || json.charCodeAt(at + 1) !== LETTER_U) return 'none';
  if (hexDigitAt(json, at + 2) !== 0xd || hexDigitAt(json, at + 4) < 0 || hexDigitAt(json, at + 5) < 0) return 'none';
  const digit = hexDigitAt(json, at + 3);
  if (digit < 8) return 'none';
  return digit < 0xc ? 'high' : 'low';
}

/** The value of a hexadecimal digit; -1 if it is none. */
function hexDigitAt(json: string, at: number): number {
  const code = json.charCodeAt(at);
  if (code >= ZERO && code <= NINE) return code - ZERO;
  const lower = code | 0x20;
  return lower >= LETTER_A && lower < LETTER_A + 6 ? lower - LETTER_A + 10 : -1;
}
