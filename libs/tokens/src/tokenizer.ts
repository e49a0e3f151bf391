/** Counts the tokens of a text. Its time may grow with the square of a run without a break: give it bounded ones. */
export type CountTokens = (text: string) => number;

/** How many merged words the tokenizer remembers; each may keep a slice of a prompt alive. */
const mergeCacheSize = 2000;
/** Prompts may spell out special tokens; they are text like any other. */
const asText: { readonly disallowedSpecial: Set<string> } = { disallowedSpecial: new Set() };

/**
 * Loads the reference tokenizer and runs it once. It takes some hundred milliseconds and about 35 MB, so only a
 * process that counts loads it, and before it listens.
 */
export async function loadTokenizer(): Promise<CountTokens> {
  const { countTokens, setMergeCacheSize } = await import('gpt-tokenizer/encoding/o200k_base');
  setMergeCacheSize(mergeCacheSize);
  const count = (text: string) => countTokens(text, asText);
  count('Warm up: the first call compiles its regular expressions. 你好, 1234');
  return count;
}
