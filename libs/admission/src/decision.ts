/** What is left in a bucket after an admission. */
export interface BucketState {
  readonly name: string;
  /** Whole units; 0 also in debt. */
  readonly remaining: number;
  readonly fullInMs: number;
}

/** `limited` names the bucket that takes longest to hold enough, and says after how many milliseconds it does. */
export type Decision =
  | { readonly kind: 'admitted'; readonly by: 'store' | 'local-fallback'; readonly buckets: readonly BucketState[] }
  | { readonly kind: 'limited'; readonly bucket: string; readonly retryAfterMs: number };
