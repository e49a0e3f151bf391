import type { Clock } from '@ccg/kernel';
import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { ringSizes } from './pending-refusals.ts';
import type { RefusalBatch } from './pending-refusals.ts';

const script = loadScript(new URL('./write-refusals.lua', import.meta.url));

const dayMs = 24 * 60 * 60 * 1000;
/** How long refusals are kept: the counters, and whole. */
const refusalCountDays = 31;
export const refusalKeptMs = dayMs;
/** A batch is tried again until it was written; nobody waits longer for its reply. */
const markKeptMs = 60 * 60 * 1000;
/** Items of a batch that a limit refuses are tried again and again: they would push out what people ask about. */
const onceKeptMs = 60 * 60 * 1000;
/** A day has 1440 minutes; what is beyond is added up in one row. */
const rowsMax = { minutes: 20_000, callers: 2000 } as const;

interface Writer {
  readonly store: Store;
  readonly clock: Clock;
  readonly writer: string;
}

/** Writes a batch of a tenant once, however often it is asked for with the same sequence. Rejects with StoreUnavailableError. */
export async function writeRefusals(
  { store, clock, writer }: Writer,
  tenant: string,
  { sequence, batch: { counts, entries } }: { readonly sequence: number; readonly batch: RefusalBatch },
): Promise<void> {
  const { redisKeys } = store;
  const owners = [...new Set(entries.flatMap(({ owner }) => (owner === undefined ? [] : [owner])))];
  const onces = [...new Set(entries.flatMap(({ once }) => once ?? []))];
  await store.run(
    script,
    [
      redisKeys.refusalsWritten(tenant, writer),
      redisKeys.recentRefusals(tenant),
      redisKeys.refusedCallers(tenant),
      ...counts.map(({ table, day }) => redisKeys.refusalCounts(tenant, table, day)),
      ...owners.map((owner) => redisKeys.recentRefusalsOf(tenant, owner)),
      ...onces.map((once) => redisKeys.refusalOfBatch(tenant, once)),
    ],
    [
      sequence,
      markKeptMs,
      refusalKeptMs,
      ringSizes.tenant,
      ringSizes.owner,
      ringSizes.owners,
      counts.length,
      ...counts.flatMap(({ table, day, rows }) => [
        Math.max(1, Date.parse(day) + (refusalCountDays + 1) * dayMs - clock.now()),
        rowsMax[table],
        rows.size,
        ...[...rows].flat(),
      ]),
      owners.length,
      ...owners,
      onceKeptMs,
      ...entries.flatMap(({ text, inTenantRing, owner, once }) => [
        text,
        inTenantRing ? 1 : 0,
        owner === undefined ? 0 : owners.indexOf(owner) + 1,
        once === undefined ? 0 : onces.indexOf(once) + 1,
      ]),
    ],
  );
}
