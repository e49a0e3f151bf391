/**
 * The size of a prompt in tokens of the reference tokenizer (o200k_base), by the kind of text. Tokenizers differ by
 * kind, a small one by 1.1 in English and 2.6 in Chinese: one factor for all would be wrong wherever the mix changes.
 */
export interface TokenCount {
  /** ASCII text, and the tokens of up to three digits that the reference makes of numbers. */
  readonly words: number;
  /** Punctuation that stands directly behind other punctuation, in characters: not every tokenizer joins it. */
  readonly marks: number;
  /** Digits beyond the first of each token of up to three: many tokenizers take each by itself. */
  readonly digits: number;
  /** Words with letters beyond ASCII, up to U+2E7F. */
  readonly foreign: number;
  /** Scripts without spaces between words, from U+2E80 on, and most emoji. */
  readonly wide: number;
  /** Kana and Hangul, in characters, which count as wide too: fewer of them are joined than of Han characters. */
  readonly syllables: number;
  /** Reasoning of earlier turns, which not every backend is sent. */
  readonly thinking: number;
  /** Images, pages and what frames messages and tools: no text, so no tokenizer changes it. */
  readonly fixed: number;
}

export const noTokens: TokenCount = Object.freeze({
  words: 0,
  marks: 0,
  digits: 0,
  foreign: 0,
  wide: 0,
  syllables: 0,
  thinking: 0,
  fixed: 0,
});

export function fixedTokens(fixed: number): TokenCount {
  return { ...noTokens, fixed };
}

/** A sum that grows: a prompt has hundreds of parts. */
export type RunningCount = { -readonly [Kind in keyof TokenCount]: number };

export function addCount(sum: RunningCount, count: TokenCount): void {
  sum.words += count.words;
  sum.marks += count.marks;
  sum.digits += count.digits;
  sum.foreign += count.foreign;
  sum.wide += count.wide;
  sum.syllables += count.syllables;
  sum.thinking += count.thinking;
  sum.fixed += count.fixed;
}

/** The same text as reasoning. */
export function asThinking({ words, foreign, wide }: TokenCount): TokenCount {
  return { ...noTokens, thinking: words + foreign + wide };
}
