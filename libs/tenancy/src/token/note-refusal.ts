import { createBoundedMap } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import { isWithin } from '../api-key/memory.ts';
import type { TokenClaims } from '../credentials/token/check-token.ts';
import { commit } from '../verb/commit.ts';

interface RefusalLogOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly maxEntries: number;
  readonly onFault?: ((error: unknown) => void) | undefined;
}

const minuteMs = 60_000;

/**
 * Writes into the audit log that an authentic token was refused, in the background and once a minute for each user: the
 * client is not told why. Of a forged token nobody knows whose log it belongs to.
 */
export function createRefusalLog(options: RefusalLogOptions): (claims: TokenClaims, reason: string) => void {
  const { store, clock, maxEntries, onFault } = options;
  const notedAt = createBoundedMap<number>(maxEntries);
  return ({ tenant, user, issuer }, reason) => {
    const nowMs = clock.now();
    const key = `${tenant} ${user}`;
    const last = notedAt.get(key);
    if (last !== undefined && isWithin(minuteMs, last, nowMs)) return;
    notedAt.set(key, nowMs);
    const entry = {
      at: new Date(nowMs).toISOString(),
      actor: { kind: 'token', tenant, user, issuer },
      action: 'token.use',
      tenant,
      subject: { kind: 'user', id: user },
      outcome: 'denied',
      details: { reason },
    } as const;
    commit(store, store.redisKeys.audit(tenant), { checks: [], writes: [], entry }).catch((error: unknown) => {
      if (!(error instanceof StoreUnavailableError)) onFault?.(error);
    });
  };
}
