import { done, refused } from '@ccg/tenancy';
import type { Result } from '@ccg/tenancy';
import { z } from 'zod';

const day = z.iso.date({ error: 'must be a day such as 2026-11-28' });

/** The days that an operation is about, in UTC. */
export const dayQuery = {
  from: day.optional().meta({
    description: 'The first day, in UTC. Left out: seven days with the last, or as many as can be asked for.',
  }),
  to: day.optional().meta({ description: 'The last day, in UTC. Left out: today.' }),
};

const dayMs = 24 * 60 * 60 * 1000;

/** The first and the last day of a query, at most so many apart. */
export function daysOf(
  query: { readonly from?: string | undefined; readonly to?: string | undefined },
  { nowMs, daysMax }: { readonly nowMs: number; readonly daysMax: number },
): Result<{ readonly from: string; readonly to: string }> {
  const to = query.to ?? dayOf(nowMs);
  const from = query.from ?? dayOf(Date.parse(to) - (Math.min(daysMax, 7) - 1) * dayMs);
  const days = (Date.parse(to) - Date.parse(from)) / dayMs + 1;
  if (days < 1) return refusedFrom('must not be after the last day');
  if (days > daysMax)
    return refusedFrom(`must be at most ${daysMax} days before the last one, which this has ${days} of`);
  return done({ from, to });
}

function refusedFrom(message: string): Result<never> {
  return refused({ kind: 'invalid', issues: [{ path: ['from'], message }] });
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, '2026-11-28'.length);
}
