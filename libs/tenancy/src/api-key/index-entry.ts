import type { Store } from '@ccg/store';

/**
 * Where a digest leads: to an API key that may work, or to one that was revoked. A revoked one keeps its entry, so that
 * no import can give it a second life, whatever its id.
 */
export interface IndexEntry {
  readonly kind: 'leads' | 'revoked';
  readonly tenant: string;
  readonly id: string;
}

const revokedMark = 'revoked';

/** Reads the entries of digests, each undefined where there is none. */
export async function readIndex(
  store: Store,
  digests: readonly string[],
): Promise<readonly (IndexEntry | undefined)[]> {
  const values = digests.map((digest) => store.command('get', [store.redisKeys.apiKeyIndex(digest)]));
  return (await Promise.all(values)).map(parseEntry);
}

/** Lets a digest lead to an API key, unless it has an entry; gives the entry that it has then. */
export async function claimIndex(store: Store, digest: string, entry: IndexEntry): Promise<IndexEntry | undefined> {
  await store.command('set', [store.redisKeys.apiKeyIndex(digest), formatEntry(entry), 'NX']);
  const [current] = await readIndex(store, [digest]);
  return current;
}

/** Marks the digests of an API key as revoked: from then on nothing leads to it. */
export async function markRevoked(
  store: Store,
  digests: readonly string[],
  of: { readonly tenant: string; readonly id: string },
): Promise<void> {
  const value = formatEntry({ kind: 'revoked', ...of });
  await Promise.all(digests.map((digest) => store.command('set', [store.redisKeys.apiKeyIndex(digest), value])));
}

/** Neither part can contain a colon. */
function parseEntry(value: unknown): IndexEntry | undefined {
  const parts = typeof value === 'string' ? value.split(':') : [];
  const [first, second, third] = parts;
  if (first === undefined || second === undefined) return undefined;
  if (parts.length === 2) return { kind: 'leads', tenant: first, id: second };
  if (parts.length !== 3 || first !== revokedMark || third === undefined) return undefined;
  return { kind: 'revoked', tenant: second, id: third };
}

function formatEntry({ kind, tenant, id }: IndexEntry): string {
  return kind === 'leads' ? `${tenant}:${id}` : `${revokedMark}:${tenant}:${id}`;
}
