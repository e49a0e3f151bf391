import { assertNever } from '@ccg/kernel';
import { blockParts } from './block-parts.ts';
import { countSlices, sliceBytes } from './count-slices.ts';
import type { SliceCounter } from './count-slices.ts';
import { imageTokens } from './image-tokens.ts';
import { createPdfPages, pdfPieceLength } from './pdf-tokens.ts';
import { bytesOf, textOf } from './prompt-text.ts';
import type { Part, Source, Span } from './prompt-text.ts';
import { readPrompt } from './read-prompt.ts';
import { createSegmentCache } from './segment-cache.ts';
import { addCount, asThinking, fixedTokens, noTokens } from './token-count.ts';
import type { TokenCount } from './token-count.ts';
import type { CountTokens } from './tokenizer.ts';
import { toolParts } from './tool-parts.ts';
import { createTurns } from './turns.ts';

export interface TokenEstimatorOptions {
  readonly countTokens: CountTokens;
  /** A digest without collisions, such as SHA-256: whoever sends the same text shares its count. */
  readonly digest: (bytes: Uint8Array) => string;
  /** Resolves when the event loop has looked after everything else, as `setImmediate` does. */
  readonly breathe: () => Promise<void>;
  /** How many counts are kept; one takes about 250 bytes. */
  readonly maxCachedSegments: number;
}

export interface TokenEstimator {
  /**
   * Counts the prompt of a Messages or count_tokens body. All that count at the same time share the work between two
   * breaths. Rejects with `JsonSyntaxError`, `JsonDepthError`, or the signal's reason once that has aborted.
   */
  count(source: Source, signal?: AbortSignal): Promise<TokenCount>;
}

/** Between two breaths: some 10 ms of the dearest text, 1 ms of the usual. */
export const bytesPerTurn = 2 * sliceBytes;
/** A part below this is looked up by itself; its digest would not be shorter. */
const digestedMinBytes = 48;
/** A part above this is not looked up as a whole; its slices are. */
const cachedMaxBytes = 256 * 1024;
/** How many bytes can be digested, decoded or skimmed in the time that counting one may take. */
const skimmedPerCounted = 64;

/** Counts prompts with a cache of what was counted before, so that a conversation costs only what is new in it. */
export function createTokenEstimator(options: TokenEstimatorOptions): TokenEstimator {
  const { countTokens, digest } = options;
  const cache = createSegmentCache(options.maxCachedSegments);
  const turns = createTurns(options.breathe, bytesPerTurn);
  return {
    async count(source, signal) {
      signal?.throwIfAborted();
      const work = (bytes: number) =>
        turns.take(bytes)?.then(() => {
          signal?.throwIfAborted();
        });
      return countParts(readPrompt(source), { countTokens, digest, cache, work });
    },
  };
}

async function countParts(parts: readonly Part[], counter: SliceCounter): Promise<TokenCount> {
  const total = { ...noTokens };
  for (const part of parts) {
    if (part.kind === 'fixed') {
      total.fixed += part.tokens;
      continue;
    }
    const turn = counter.work(lengthOf(part.span) / skimmedPerCounted);
    if (turn !== undefined) await turn;
    const key = keyOf(part, counter);
    const known = key === undefined ? undefined : counter.cache.get(key);
    // Nothing is awaited for what is known, and most of a conversation is.
    addCount(total, known ?? (await countPart(part, key, counter)));
  }
  return total;
}

type SpanPart = Exclude<Part, { readonly kind: 'fixed' }>;

/** Undefined for what is not worth a place in the cache. */
function keyOf(part: SpanPart, { digest }: SliceCounter): string | undefined {
  const length = lengthOf(part.span);
  if (part.kind === 'image' || length > cachedMaxBytes) return undefined;
  const depth = part.kind === 'blocks' ? part.depth : '';
  return length < digestedMinBytes
    ? `${part.kind}${depth}:${textOf(part.span)}`
    : `${part.kind}${depth}#${digest(bytesOf(part.span))}`;
}

async function countPart(part: SpanPart, key: string | undefined, counter: SliceCounter): Promise<TokenCount> {
  const count = await countAnew(part, counter);
  if (key !== undefined) counter.cache.set(key, count);
  return count;
}

async function countAnew(part: SpanPart, counter: SliceCounter): Promise<TokenCount> {
  const { kind, span } = part;
  switch (kind) {
    case 'text':
    case 'json':
      return countSlices(kind, span, counter);
    case 'thinking':
      return asThinking(await countSlices('text', span, counter));
    case 'blocks':
      return countParts(blockParts(span, part.depth), counter);
    case 'tools':
      return countParts(toolParts(span), counter);
    case 'image':
      return fixedTokens(imageTokens(textOf(span)));
    case 'pdf':
      return countPages(span, counter);
    default:
      return assertNever(kind);
  }
}

async function countPages({ source, start, end }: Span, { work }: SliceCounter): Promise<TokenCount> {
  const pages = createPdfPages();
  for (let at = start; at < end; at += pdfPieceLength) {
    await work(pdfPieceLength / skimmedPerCounted);
    pages.push(source.text.slice(at, Math.min(end, at + pdfPieceLength)));
  }
  return fixedTokens(pages.tokens());
}

function lengthOf({ start, end }: Span): number {
  return end - start;
}
