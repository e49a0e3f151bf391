const dayMs = 24 * 60 * 60 * 1000;

/** Days such as `2026-11-28`, in UTC, the first and the last included. */
export interface Days {
  readonly from: string;
  readonly to: string;
}

/** Each of the days, oldest first; none where the last is before the first. */
export function daysBetween({ from, to }: Days): readonly string[] {
  const [first, last] = [Date.parse(from), Date.parse(to)];
  const count = Math.max(0, Math.floor((last - first) / dayMs) + 1);
  return Array.from({ length: count }, (_, at) => dayOf(first + at * dayMs));
}

/** The day of a time, in UTC. */
function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, '2026-11-28'.length);
}
