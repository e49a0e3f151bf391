import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { requireTenant } from '../verb/authorize.ts';
import { loadTenant } from '../verb/load.ts';
import { pageIssues } from '../verb/page.ts';
import type { Page, PageRequest } from '../verb/page.ts';
import type { Result } from '../verb/result.ts';
import { done, refused } from '../verb/result.ts';
import { runRead } from '../verb/run-verb.ts';
import type { AuditEntry } from './audit-entry.ts';

const limitDefault = 50;

/** Reads the audit log of a tenant, oldest entries first. */
export async function readAudit(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant, limit = limitDefault, cursor }: PageRequest & { readonly tenant: string },
): Promise<Result<Page<AuditEntry>>> {
  const { store } = deps;
  const deed = { action: 'audit.read', tenant, subject: { kind: 'tenant', id: tenant } } as const;
  return await runRead(deps, actor, deed, async () => {
    const start = cursor === undefined ? '-' : startAfter(cursor);
    const refusal = requireTenant(actor.principal, tenant, 'read') ?? pageIssues(limit, start);
    if (refusal !== undefined) return refused(refusal);
    if ((await loadTenant(store, tenant)) === undefined) return refused({ kind: 'unknown', subject: 'tenant' });
    const key = store.redisKeys.audit(tenant);
    const reply = await store.command('xrange', [key, start ?? '-', '+', 'COUNT', limit + 1]);
    const rows = Array.isArray(reply) ? (reply as readonly (readonly [string, readonly string[]])[]) : [];
    const shown = rows.slice(0, limit);
    const items = shown.flatMap(([, [, text]]) => (text === undefined ? [] : [JSON.parse(text) as AuditEntry]));
    return done({ items, nextCursor: rows.length > limit ? shown.at(-1)?.[0] : undefined });
  });
}

/** The id of the next entry that there could be. */
function startAfter(cursor: string): string | undefined {
  const match = /^(\d{1,15})-(\d{1,9})$/u.exec(cursor);
  return match === null ? undefined : `${match[1]}-${Number(match[2]) + 1}`;
}
