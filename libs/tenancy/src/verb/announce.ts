import type { Store } from '@ccg/store';

/** Whose authorization has changed: that of a whole tenant, of one user, of one API key or of one token. */
export type Changed =
  | { readonly kind: 'tenant'; readonly tenant: string }
  | { readonly kind: 'user' | 'api-key' | 'token'; readonly tenant: string; readonly id: string };

/** Tells every replica, after the change was written: what is remembered of it is read again. */
export async function announce(store: Store, changed: Changed): Promise<void> {
  const { kind, tenant } = changed;
  const message = changed.kind === 'tenant' ? `${kind}:${tenant}` : `${kind}:${tenant}:${changed.id}`;
  await store.command('publish', [store.redisKeys.authorizationChanges(), message]);
}

/** Reads a message; undefined for one of another version of this gateway. */
export function readAnnouncement(message: string): Changed | undefined {
  const [kind, tenant, id, ...rest] = message.split(':');
  if (tenant === undefined || rest.length > 0) return undefined;
  if (kind === 'tenant') return id === undefined ? { kind, tenant } : undefined;
  return (kind === 'user' || kind === 'api-key' || kind === 'token') && id !== undefined
    ? { kind, tenant, id }
    : undefined;
}
