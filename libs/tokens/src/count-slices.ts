import type { BoundedMap } from '@ccg/kernel';
import { decodeByteString, decodeText, RawText } from '@ccg/wire';
import { countText } from './count-text.ts';
import { bytesOf, textOf } from './prompt-text.ts';
import type { Span } from './prompt-text.ts';
import { sliceEnd } from './slice-end.ts';
import { addCount, noTokens } from './token-count.ts';
import type { TokenCount } from './token-count.ts';
import type { CountTokens } from './tokenizer.ts';

/** How much text goes to the tokenizer at once, in bytes: some 5 ms of the dearest text there is. */
export const sliceBytes = 4096;

export interface SliceCounter {
  readonly countTokens: CountTokens;
  readonly digest: (bytes: Uint8Array) => string;
  /** Counts by the digest of what was counted. */
  readonly cache: BoundedMap<TokenCount>;
  /** Waits for the right to do as much work as counting so many bytes is. */
  readonly work: (bytes: number) => Promise<void> | undefined;
}

/**
 * Counts a stretch of any length slice by slice. Slices have counts of their own in the cache, so that those who
 * count the same text at the same time share the work.
 */
export async function countSlices(kind: 'text' | 'json', span: Span, counter: SliceCounter): Promise<TokenCount> {
  const { text } = span.source;
  const total = { ...noTokens };
  for (let start = span.start; start < span.end;) {
    const end = sliceEnd(text, start, span.end, sliceBytes);
    const slice = { source: span.source, start, end };
    const isWhole = start === span.start && end === span.end;
    const key = isWhole ? undefined : `${kind}#${counter.digest(bytesOf(slice))}`;
    const known = key === undefined ? undefined : counter.cache.get(key);
    addCount(total, known ?? (await countSlice(kind, slice, key, counter)));
    start = end;
  }
  return total;
}

async function countSlice(
  kind: 'text' | 'json',
  slice: Span,
  key: string | undefined,
  { work, cache, countTokens }: SliceCounter,
): Promise<TokenCount> {
  await work(slice.end - slice.start);
  // Another may have counted it while this one waited.
  const known = key === undefined ? undefined : cache.get(key);
  if (known !== undefined) return known;
  const count = countText(decode(kind, slice), countTokens);
  if (key !== undefined) cache.set(key, count);
  return count;
}

function decode(kind: 'text' | 'json', slice: Span): string {
  const { source, start, end } = slice;
  return kind === 'text' ? decodeText(new RawText(source.text, start, end)) : decodeByteString(textOf(slice));
}
