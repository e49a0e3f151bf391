import type { Store } from '@ccg/store';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { requireOperator, requireTenant } from '../verb/authorize.ts';
import { loadTenant } from '../verb/load.ts';
import { pageIssues } from '../verb/page.ts';
import type { Page, PageRequest } from '../verb/page.ts';
import type { Refusal, Result } from '../verb/result.ts';
import { done, refused } from '../verb/result.ts';
import { runRead } from '../verb/run-verb.ts';
import type { AuditEntry } from './audit-entry.ts';

const limitDefault = 50;

/** Reads the audit log of a tenant, oldest entries first. */
export async function readAudit(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant, ...request }: PageRequest & { readonly tenant: string },
): Promise<Result<Page<AuditEntry>>> {
  const { store } = deps;
  const deed = { action: 'audit.read', tenant, subject: { kind: 'tenant', id: tenant } } as const;
  return await runRead(deps, actor, deed, async () => {
    const refusal = requireTenant(actor.principal, tenant, 'read') ?? pageRefusal(request);
    if (refusal !== undefined) return refused(refusal);
    if ((await loadTenant(store, tenant)) === undefined) return refused({ kind: 'unknown', subject: 'tenant' });
    return done(await readStream(store, store.redisKeys.audit(tenant), request));
  });
}

/** Reads what operators did and were denied outside of a tenant, oldest entries first. For operators. */
export async function readOperatorAudit(
  deps: TenancyDependencies,
  actor: Actor,
  request: PageRequest = {},
): Promise<Result<Page<AuditEntry>>> {
  const { store } = deps;
  const deed = { action: 'audit.read', tenant: '*', subject: { kind: 'tenant', id: '*' } } as const;
  return await runRead(deps, actor, deed, async () => {
    const refusal = requireOperator(actor.principal, 'read') ?? pageRefusal(request);
    if (refusal !== undefined) return refused(refusal);
    return done(await readStream(store, store.redisKeys.operatorAudit(), request));
  });
}

function pageRefusal({ limit = limitDefault, cursor }: PageRequest): Refusal | undefined {
  return pageIssues(limit, startOf(cursor));
}

async function readStream(
  store: Store,
  key: string,
  { limit = limitDefault, cursor }: PageRequest,
): Promise<Page<AuditEntry>> {
  const reply = await store.command('xrange', [key, startOf(cursor) ?? '-', '+', 'COUNT', limit + 1]);
  const rows = Array.isArray(reply) ? (reply as readonly (readonly [string, readonly string[]])[]) : [];
  const shown = rows.slice(0, limit);
  const items = shown.flatMap(([, [, text]]) => (text === undefined ? [] : [JSON.parse(text) as AuditEntry]));
  return { items, nextCursor: rows.length > limit ? shown.at(-1)?.[0] : undefined };
}

function startOf(cursor: string | undefined): string | undefined {
  return cursor === undefined ? '-' : startAfter(cursor);
}

/** The id of the next entry that there could be. */
function startAfter(cursor: string): string | undefined {
  const match = /^(\d{1,15})-(\d{1,9})$/u.exec(cursor);
  return match === null ? undefined : `${match[1]}-${Number(match[2]) + 1}`;
}
