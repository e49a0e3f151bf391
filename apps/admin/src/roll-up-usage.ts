import { startStopwatch } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { Logger, Metrics } from '@ccg/telemetry';
import { tenantIds } from '@ccg/tenancy';
import { rollUpUsage, trimUsage } from '@ccg/usage';
import type { RolledUp, RollUpOptions } from '@ccg/usage';

interface RollUpParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly options: RollUpOptions;
}

/** Users, API keys and models of a day; then its sessions. What is beyond is added up in one row of the tenant. */
export const usageRowsMax = { models: 5000, sessions: 1000 } as const;

const intervalMs = 2000;
const trimIntervalMs = 10 * 60_000;
/** Dashboards are minutes old then, and the cap of a busy tenant's records comes into sight. */
const lagWorthTellingMs = 5 * 60_000;

/** Rolls up the usage of all tenants again and again, until it is stopped. The function resolves when nothing runs any more. */
export function startRollUp(parts: RollUpParts): () => Promise<void> {
  const { clock, logger, metrics } = parts;
  const lagging = new Set<string>();
  let running: Promise<void> = Promise.resolve();
  let trimmedAtMs = Number.NEGATIVE_INFINITY;
  let isStopped = false;
  let cancel = clock.schedule(0, tick);

  function tick(): void {
    const elapsedMs = startStopwatch(clock);
    running = round().finally(() => {
      // With very many tenants a round takes long: most of the time Redis is left to the requests.
      if (!isStopped) cancel = clock.schedule(Math.max(intervalMs, 4 * elapsedMs()), tick);
    });
  }

  async function round(): Promise<void> {
    const isTrimming = clock.now() - trimmedAtMs >= trimIntervalMs;
    if (isTrimming) trimmedAtMs = clock.now();
    try {
      let lagMs = 0;
      for await (const tenant of tenantIds(parts.store)) {
        if (isStopped) return;
        lagMs = Math.max(lagMs, await rollUpTenant(parts, { tenant, isTrimming, lagging }));
      }
      metrics.usageLag(lagMs / 1000);
    } catch (thrown) {
      // It goes on from where it was when the store is back, which tells of itself.
      if (!(thrown instanceof StoreUnavailableError)) logger.error({ err: thrown }, 'usage cannot be rolled up');
    }
  }

  return async () => {
    isStopped = true;
    cancel();
    await running;
  };
}

interface TenantRound {
  readonly tenant: string;
  readonly isTrimming: boolean;
  /** Tenants whose lag was told already. */
  readonly lagging: Set<string>;
}

/** Gives how far the roll-up of the tenant is behind. A tenant whose data has a fault does not hold up the others. */
async function rollUpTenant(parts: RollUpParts, { tenant, isTrimming, lagging }: TenantRound): Promise<number> {
  const { logger } = parts;
  try {
    const rolledUp = await rollUpUsage(parts, tenant);
    if (isTrimming) await trimUsage(parts, tenant);
    tellLosses(parts, tenant, rolledUp);
    const { lagMs } = rolledUp;
    if (lagMs < lagWorthTellingMs) lagging.delete(tenant);
    else if (!lagging.has(tenant)) {
      lagging.add(tenant);
      logger.warn({ tenant, lagSeconds: Math.round(lagMs / 1000) }, 'the roll-up of usage is behind');
    }
    return lagMs;
  } catch (thrown) {
    if (thrown instanceof StoreUnavailableError) throw thrown;
    logger.error({ err: thrown, tenant }, 'the usage of a tenant cannot be rolled up');
    return 0;
  }
}

function tellLosses({ logger, metrics }: RollUpParts, tenant: string, rolledUp: RolledUp): void {
  const { applied, unreadable, hasGap } = rolledUp;
  metrics.usageRolledUp({ applied: applied - unreadable, unreadable, gaps: hasGap ? 1 : 0 });
  if (hasGap) {
    logger.error({ tenant }, 'usage records were removed before they were rolled up: raise USAGE_RECORDS_MAX');
  }
  if (unreadable > 0) {
    logger.error(
      { tenant, unreadable },
      'usage records of a newer version are not counted: update the admin app first',
    );
  }
}
