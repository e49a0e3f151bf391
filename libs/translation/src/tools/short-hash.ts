const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/**
 * A hash of a text in `length` letters and digits, the same on every machine. It is for short names, not for secrets,
 * and two texts may have the same hash: the caller checks.
 */
export function shortHash(text: string, length: number): string {
  let letters = '';
  for (let seed = 0; letters.length < length; seed += 1) letters += fiveLetters(hash(text, seed));
  return letters.slice(0, length);
}

/** FNV-1a in 32 bits. Its bits are mixed at the end, so that texts with the same ending differ in every letter. */
function hash(text: string, seed: number): number {
  let state = Math.imul(0x811c9dc5 ^ seed, 0x01000193);
  for (let index = 0; index < text.length; index += 1) {
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  }
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}

function fiveLetters(number: number): string {
  let rest = number;
  let letters = '';
  for (let index = 0; index < 5; index += 1) {
    letters += alphabet.charAt(rest % alphabet.length);
    rest = Math.floor(rest / alphabet.length);
  }
  return letters;
}
