import { done, refused } from '@ccg/tenancy';

/** Where a page ended, as a text that clients hand back. */
export function writeCursor(parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** No parts for the beginning; undefined for a text that no page gave. */
export function readCursor(cursor: string | undefined): readonly string[] | undefined {
  if (cursor === undefined) return [];
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) && parts.every((part) => typeof part === 'string') ? parts : undefined;
  } catch {
    return undefined;
  }
}

/** A list that is read whole, page by page. */
export function pageFrom<Item>(
  items: readonly Item[],
  { limit = 50, cursor }: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
) {
  const [text = '0'] = readCursor(cursor) ?? [''];
  if (!/^\d{1,9}$/u.test(text)) {
    return refused({
      kind: 'invalid',
      issues: [{ path: ['cursor'], message: 'is not one that a page of this list gave' }],
    });
  }
  const end = Number(text) + limit;
  return done({
    items: items.slice(Number(text), end),
    nextCursor: end < items.length ? writeCursor([String(end)]) : undefined,
  });
}
