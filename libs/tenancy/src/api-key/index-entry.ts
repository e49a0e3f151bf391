/** Where a digest leads: the tenant and the id of an API key. */
export interface IndexEntry {
  readonly tenant: string;
  readonly id: string;
}

/** The value of an index entry. Neither part can hold a colon. */
export function formatIndexEntry({ tenant, id }: IndexEntry): string {
  return `${tenant}:${id}`;
}

/** Reads what `formatIndexEntry` wrote; undefined for anything else. */
export function parseIndexEntry(value: unknown): IndexEntry | undefined {
  if (typeof value !== 'string') return undefined;
  const [tenant, id, ...rest] = value.split(':');
  if (tenant === undefined || id === undefined || rest.length > 0) return undefined;
  return { tenant, id };
}
