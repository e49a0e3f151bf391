import { noTokens } from './token-count.ts';
import type { TokenCount } from './token-count.ts';
import type { CountTokens } from './tokenizer.ts';

/** The longest run of one class that the tokenizer gets in one piece; a multiple of the three digits of a token. */
export const runMaxLength = 126;
const digitsPerToken = 3;

const letter = 0;
const digit = 1;
const space = 2;
const mark = 3;
const wide = 4;

const asciiClasses = Uint8Array.from({ length: 128 }, (_, code) => asciiClass(code));

/**
 * Counts a text by kind. The tokenizer looks at words and merges within one, in time that grows with the square of
 * its length, so runs of one class are cut at a bounded length; a cut costs at most one token too many.
 */
export function countText(text: string, countTokens: CountTokens): TokenCount {
  const { length } = text;
  let wordTokens = 0;
  let wideTokens = 0;
  let digitTokens = 0;
  let pieceStart = 0;
  let runStart = 0;
  let runClass = length === 0 ? letter : classOf(text.charCodeAt(0));
  const endPiece = (end: number) => {
    if (end === pieceStart) return;
    const tokens = countTokens(text.slice(pieceStart, end));
    if (runClass === wide) wideTokens += tokens;
    else wordTokens += tokens;
    pieceStart = end;
  };
  for (let at = 0; at <= length; at += 1) {
    const code = text.charCodeAt(at);
    const nextClass = at === length ? -1 : classOf(code);
    if (nextClass === runClass && (at - runStart < runMaxLength || isLowSurrogate(code))) continue;
    if (runClass === digit) digitTokens += Math.ceil((at - runStart) / digitsPerToken);
    if (nextClass === runClass || nextClass === wide || runClass === wide || at === length) endPiece(at);
    runStart = at;
    runClass = nextClass;
  }
  return { ...noTokens, words: Math.max(0, wordTokens - digitTokens), digits: digitTokens, wide: wideTokens };
}

function classOf(code: number): number {
  if (code < 0x80) return asciiClasses[code] ?? letter;
  return code < 0x2e80 ? letter : wide;
}

function asciiClass(code: number): number {
  if (code <= 0x20) return space;
  if (code >= 0x30 && code <= 0x39) return digit;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a ? letter : mark;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
