import type { TokenCount } from './token-count.ts';

/** Counts by the digest of what was counted; the least recently used go first. */
export interface SegmentCache {
  get(key: string): TokenCount | undefined;
  set(key: string, count: TokenCount): void;
}

export function createSegmentCache(maxEntries: number): SegmentCache {
  const entries = new Map<string, TokenCount>();
  return {
    get(key) {
      const count = entries.get(key);
      if (count === undefined) return undefined;
      // A map keeps the order of insertion, so what was used goes to its end.
      entries.delete(key);
      entries.set(key, count);
      return count;
    },
    set(key, count) {
      entries.delete(key);
      entries.set(key, count);
      if (entries.size <= maxEntries) return;
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    },
  };
}
