/** HTTP headers in order, names in lower case; a name may come more than once. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** What a request used, in tokens. The three input kinds are disjoint: their sum is the whole prompt. */
export interface Usage {
  /** Neither read from nor written to a cache. */
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** Those of `cacheWriteTokens` that the cache keeps for an hour. */
  readonly cacheWrite1hTokens: number;
  /** Includes `reasoningTokens`. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

export const noUsage: Usage = {
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
};
