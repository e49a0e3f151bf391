/**
 * The size of a prompt in tokens of the reference tokenizer (o200k_base), by the kind of text. Tokenizers differ from
 * it most in digits and in wide scripts, so one factor for all of a prompt would be wrong wherever the mix changes.
 */
export interface TokenCount {
  /** Letters, punctuation and white space outside of the other kinds. */
  readonly words: number;
  /** Decimal digits. */
  readonly digits: number;
  /** Scripts without spaces between words, from U+2E80 on, and emoji. */
  readonly wide: number;
  /** Reasoning of earlier turns, which not every backend is sent. */
  readonly thinking: number;
  /** Images, pages and what frames messages and tools: not text, so no tokenizer changes it. */
  readonly fixed: number;
}

export const noTokens: TokenCount = Object.freeze({ words: 0, digits: 0, wide: 0, thinking: 0, fixed: 0 });

export function fixedTokens(fixed: number): TokenCount {
  return { ...noTokens, fixed };
}

export function addCounts(a: TokenCount, b: TokenCount): TokenCount {
  return {
    words: a.words + b.words,
    digits: a.digits + b.digits,
    wide: a.wide + b.wide,
    thinking: a.thinking + b.thinking,
    fixed: a.fixed + b.fixed,
  };
}

/** The same text as reasoning. */
export function asThinking({ words, digits, wide, thinking, fixed }: TokenCount): TokenCount {
  return { ...noTokens, thinking: words + digits + wide + thinking, fixed };
}
