import type { BudgetPeriod } from './limits.ts';

/** A calendar period and the one after it. */
export interface Periods {
  /** When the first begins, when the second does, and when the second ends, in milliseconds since the epoch. */
  readonly bounds: readonly [number, number, number];
  /** The days on which they begin, such as `2026-11-28`. */
  readonly names: readonly [string, string];
}

/** Days, weeks and months in the time zones of people. */
export interface Calendar {
  /** The period that contains a time, and the next one. Throws RangeError for a time zone that does not exist. */
  periodsAt(nowMs: number, per: BudgetPeriod, timeZone: string): Periods;
}

const dayMs = 86_400_000;
/** No time zone is further than this from UTC. */
const greatestOffsetMs = 15 * 3_600_000;

/** A calendar that remembers the latest period of each kind and time zone, and asks for others with every change of the period alone. */
export function createCalendar(): Calendar {
  const localDays = new Map<string, LocalDay>();
  const latest = new Map<string, Periods>();

  function localDayOf(timeZone: string): LocalDay {
    const known = localDays.get(timeZone) ?? createLocalDay(timeZone);
    localDays.set(timeZone, known);
    return known;
  }

  return {
    periodsAt(nowMs, per, timeZone) {
      const key = `${per} ${timeZone}`;
      const known = latest.get(key);
      if (known !== undefined && nowMs >= known.bounds[0] && nowMs < known.bounds[1]) return known;
      const periods = findPeriods(nowMs, per, localDayOf(timeZone));
      latest.set(key, periods);
      return periods;
    },
  };
}

/** Gives the day of a time in a time zone, as the midnight of the same date in UTC. */
type LocalDay = (ms: number) => number;

function createLocalDay(timeZone: string): LocalDay {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
  });
  return (ms) => {
    const [month = 0, day = 0, year = 0] = format.format(ms).split('/').map(Number);
    return Date.UTC(year, month - 1, day);
  };
}

function findPeriods(nowMs: number, per: BudgetPeriod, localDay: LocalDay): Periods {
  const first = firstDay(localDay(nowMs), per);
  const second = dayAfter(first, per);
  const third = dayAfter(second, per);
  return {
    bounds: [beginningOf(first, localDay), beginningOf(second, localDay), beginningOf(third, localDay)],
    names: [nameOf(first), nameOf(second)],
  };
}

/** The first day of the period that has a day. Dates are midnights in UTC, where every day has 24 hours. */
function firstDay(day: number, per: BudgetPeriod): number {
  const date = new Date(day);
  switch (per) {
    case 'day':
      return day;
    case 'week':
      return day - ((date.getUTCDay() + 6) % 7) * dayMs;
    case 'month':
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  }
}

/** The first day of the next period. */
function dayAfter(first: number, per: BudgetPeriod): number {
  const date = new Date(first);
  switch (per) {
    case 'day':
      return first + dayMs;
    case 'week':
      return first + 7 * dayMs;
    case 'month':
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
  }
}

/** The first millisecond of a day, also where a change of the clocks skips its midnight or the whole day. */
function beginningOf(day: number, localDay: LocalDay): number {
  let [before, after] = [day - greatestOffsetMs, day + greatestOffsetMs];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (localDay(middle) < day) before = middle;
    else after = middle;
  }
  return after;
}

function nameOf(day: number): string {
  return new Date(day).toISOString().slice(0, 10);
}
