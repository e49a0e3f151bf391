/** Why a backend says that it stopped, in the words that all dialects share. */
export type Finish =
  | { readonly kind: 'stop' }
  | { readonly kind: 'length' }
  | { readonly kind: 'refusal' }
  /** `literal` is the sequence as the content of a JSON string literal. */
  | { readonly kind: 'stop-sequence'; readonly literal: string };
