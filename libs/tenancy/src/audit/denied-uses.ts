import { createBoundedMap } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import { isWithin } from '../api-key/memory.ts';
import { commit } from '../verb/commit.ts';
import type { AuditActor, AuditEntry } from './audit-entry.ts';

interface DeniedUsesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly maxEntries: number;
  readonly onFault?: ((error: unknown) => void) | undefined;
}

/** A credential that was refused, or with which something was refused. */
export interface DeniedUse {
  readonly actor: Exclude<AuditActor, { readonly kind: 'operator' }>;
  readonly reason: string;
  readonly requestId?: string | undefined;
  /** What it was about, such as the name of a model. Never a text without a bound. */
  readonly about?: Readonly<Record<string, string>> | undefined;
}

const minuteMs = 60_000;

/**
 * Writes denied uses into the audit logs of their tenants, in the background and once a minute for each credential and
 * reason: a client that tries again and again fills no log, and no request waits for it or fails with it.
 */
export function createDeniedUses(options: DeniedUsesOptions): (denied: DeniedUse) => void {
  const { store, clock, maxEntries, onFault } = options;
  const notedAt = createBoundedMap<number>(maxEntries);
  return (denied) => {
    const nowMs = clock.now();
    const { tenant } = denied.actor;
    const { action, subject } = useOf(denied.actor);
    const key = `${tenant} ${subject.id} ${denied.reason}`;
    const last = notedAt.get(key);
    if (last !== undefined && isWithin(minuteMs, last, nowMs)) return;
    notedAt.set(key, nowMs);
    const entry: AuditEntry = {
      at: new Date(nowMs).toISOString(),
      requestId: denied.requestId,
      actor: denied.actor,
      action,
      tenant,
      subject,
      outcome: 'denied',
      details: { reason: denied.reason, ...denied.about },
    };
    commit(store, store.redisKeys.audit(tenant), { checks: [], writes: [], entry }).catch((error: unknown) => {
      if (!(error instanceof StoreUnavailableError)) onFault?.(error);
    });
  };
}

function useOf(actor: DeniedUse['actor']): Pick<AuditEntry, 'action' | 'subject'> {
  return actor.kind === 'api-key'
    ? { action: 'api-key.use', subject: { kind: 'api-key', id: actor.id } }
    : { action: 'token.use', subject: { kind: 'user', id: actor.user } };
}
