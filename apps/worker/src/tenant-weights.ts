import type { Clock } from '@ccg/kernel';

/** The weights of tenants: what each may have handed out where others have one. */
export type TenantWeights = (tenants: readonly string[]) => Promise<ReadonlyMap<string, number>>;

const rereadMs = 2000;

/** Reads weights, and remembers them for two seconds: items are handed out many times in one. */
export function createTenantWeights(
  clock: Pick<Clock, 'monotonicMs'>,
  read: (tenant: string) => Promise<number>,
): TenantWeights {
  let weights: ReadonlyMap<string, number> = new Map();
  let readAtMs = -Infinity;
  return async (tenants) => {
    const isFresh = clock.monotonicMs() - readAtMs < rereadMs;
    if (isFresh && tenants.every((tenant) => weights.has(tenant))) return weights;
    const startedAtMs = clock.monotonicMs();
    weights = new Map(await Promise.all(tenants.map(async (tenant) => [tenant, await read(tenant)] as const)));
    readAtMs = startedAtMs;
    return weights;
  };
}
