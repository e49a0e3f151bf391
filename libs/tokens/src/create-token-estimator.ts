import { assertNever, createBoundedMap } from '@ccg/kernel';
import { compactJson } from '@ccg/wire';
import { countSlices, sliceBytes } from './count-slices.ts';
import type { SliceCounter } from './count-slices.ts';
import { imageTokens } from './image-tokens.ts';
import { createPdfPages, pdfPieceLength } from './pdf-tokens.ts';
import { bytesOf, ownSpan, textOf } from './prompt-text.ts';
import type { Part, Span } from './prompt-text.ts';
import { readPrompt } from './read-prompt.ts';
import type { Prompt } from './read-prompt.ts';
import { addCount, asThinking, fixedTokens, noTokens } from './token-count.ts';
import type { RunningCount, TokenCount } from './token-count.ts';
import type { CountTokens } from './tokenizer.ts';
import { toolParts } from './tool-parts.ts';
import { createTurns } from './turns.ts';

export interface TokenEstimatorOptions {
  readonly countTokens: CountTokens;
  /** A digest without collisions, such as SHA-256: whoever sends the same text shares its count. */
  readonly digest: (bytes: Uint8Array) => string;
  /** Resolves when the event loop has looked after everything else, as `setImmediate` does. */
  readonly yieldToEventLoop: () => Promise<void>;
  /** How many counts are kept; one takes about 250 bytes. */
  readonly maxCachedSegments: number;
}

export interface TokenEstimator {
  /**
   * Counts a prompt, at once if all of it was counted before. All that count at the same time share the work between
   * two breaths. Throws or rejects with what reading the tools throws, or with the signal's reason once that has aborted.
   */
  count(prompt: Prompt, signal?: AbortSignal): TokenCount | Promise<TokenCount>;
}

/** Between two breaths: some 10 ms of the dearest text, 1 ms of the usual. @internal */
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
  const cache = createBoundedMap<TokenCount>(options.maxCachedSegments);
  const turns = createTurns(options.yieldToEventLoop, bytesPerTurn);
  return {
    count(prompt, signal) {
      signal?.throwIfAborted();
      const work = (bytes: number) =>
        turns.take(bytes)?.then(() => {
          signal?.throwIfAborted();
        });
      return countParts(readPrompt(prompt), { countTokens, digest, cache, work });
    },
  };
}

/** A promise only from the first part on that is not known yet, and most of a conversation is. */
function countParts(parts: readonly Part[], counter: SliceCounter): TokenCount | Promise<TokenCount> {
  const total = { ...noTokens };
  for (const [at, part] of parts.entries()) {
    const adding = addPart(total, part, counter);
    if (adding !== undefined) return countRest(adding, parts.slice(at + 1), total, counter);
  }
  return total;
}

async function countRest(
  adding: Promise<void>,
  rest: readonly Part[],
  total: RunningCount,
  counter: SliceCounter,
): Promise<TokenCount> {
  await adding;
  for (const part of rest) await addPart(total, part, counter);
  return total;
}

function addPart(total: RunningCount, part: Part, counter: SliceCounter): Promise<void> | undefined {
  if (part.kind === 'fixed') {
    total.fixed += part.tokens;
    return undefined;
  }
  const turn = counter.work(lengthOf(part) / skimmedPerCounted);
  return turn === undefined ? addCounted(total, part, counter) : turn.then(() => addCounted(total, part, counter));
}

function addCounted(total: RunningCount, part: CountedPart, counter: SliceCounter): Promise<void> | undefined {
  const key = keyOf(part, counter);
  const known = key === undefined ? undefined : counter.cache.get(key);
  if (known === undefined) return countPart(part, key, counter).then((count) => addCount(total, count));
  addCount(total, known);
  return undefined;
}

type CountedPart = Exclude<Part, { readonly kind: 'fixed' }>;

/** Undefined for what is not worth a place in the cache. */
function keyOf(part: CountedPart, { digest }: SliceCounter): string | undefined {
  if (part.kind === 'tools') return `tools#${part.tools.digest()}`;
  const length = lengthOf(part);
  if (part.kind === 'image' || length > cachedMaxBytes) return undefined;
  return length < digestedMinBytes ? `${part.kind}:${textOf(part.span)}` : `${part.kind}#${digest(bytesOf(part.span))}`;
}

async function countPart(part: CountedPart, key: string | undefined, counter: SliceCounter): Promise<TokenCount> {
  const count = await countAnew(part, counter);
  if (key !== undefined) counter.cache.set(key, count);
  return count;
}

async function countAnew(part: CountedPart, counter: SliceCounter): Promise<TokenCount> {
  const { kind } = part;
  switch (kind) {
    case 'text':
    case 'json':
      return countSlices(kind, part.span, counter);
    case 'spaced':
      return countSlices('json', ownSpan(compactJson(textOf(part.span))), counter);
    case 'thinking':
      return asThinking(await countSlices('text', part.span, counter));
    case 'tools':
      return countParts(toolParts(part.tools.read()), counter);
    case 'image':
      return fixedTokens(imageTokens(textOf(part.span)));
    case 'pdf':
      return countPages(part.span, counter);
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

/** What looking a part up costs; its tools have been digested before. */
function lengthOf(part: CountedPart): number {
  return part.kind === 'tools' ? 0 : part.span.end - part.span.start;
}
