import { stringToBytes } from '@ccg/wire';
import type { PromptTools, RawJson, RawText } from '@ccg/wire';

/** A byte string and the same as bytes: one to read, the other to digest. */
export interface Source {
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** A stretch of a source. */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** What is left to be counted of a prompt. */
export type Part =
  /** The content of a JSON string, escapes as they came; of `thinking` when it is reasoning. */
  | { readonly kind: 'text' | 'thinking'; readonly span: Span }
  /** JSON as it stands: quotes, names and escapes are what the model is shown. Of `spaced` no white space between. */
  | { readonly kind: 'json' | 'spaced'; readonly span: Span }
  /** The base64 of a file. */
  | { readonly kind: 'pdf' | 'image'; readonly span: Span }
  | { readonly kind: 'tools'; readonly tools: PromptTools }
  | { readonly kind: 'fixed'; readonly tokens: number };

/** The span of a raw value that was read from the source. */
export function spanOf({ start, end }: RawText | RawJson, source: Source): Span {
  return { source, start, end };
}

/** A byte string of our own as a span. */
export function ownSpan(text: string): Span {
  return { source: { text, bytes: stringToBytes(text) }, start: 0, end: text.length };
}

export function textOf({ source, start, end }: Span): string {
  return source.text.slice(start, end);
}

export function bytesOf({ source, start, end }: Span): Uint8Array {
  return source.bytes.subarray(start, end);
}
