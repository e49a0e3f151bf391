import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCalendar } from './calendar.ts';
import type { BudgetPeriod } from './limits.ts';

const timeZones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Havana', // the clocks change at midnight
  'Africa/Cairo', // so that some days begin at 01:00
  'Asia/Beirut',
  'Asia/Kolkata',
  'Australia/Lord_Howe', // by half an hour
  'Pacific/Apia', // which skipped a day
  'Pacific/Kiritimati',
  'Pacific/Marquesas',
  'America/Sao_Paulo',
];

/** The period of a time as its people call it: the day, the Monday of the week, or the month. */
function periodByWallClock(ms: number, per: BudgetPeriod, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    weekday: 'short',
  }).formatToParts(ms);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  const [year, month, day] = [part('year'), part('month'), part('day')];
  if (per === 'month') return `${year}-${month}-01`;
  if (per === 'day') return `${year}-${month}-${day}`;
  const daysSinceMonday = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(part('weekday'));
  return new Date(Date.UTC(Number(year), Number(month) - 1, Number(day) - daysSinceMonday)).toISOString().slice(0, 10);
}

const times = fc.oneof(
  fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2040, 0) }),
  // The weeks in which most clocks change, and the day that Samoa skipped.
  fc.integer({ min: Date.UTC(2026, 2, 1), max: Date.UTC(2026, 3, 12) }),
  fc.integer({ min: Date.UTC(2026, 9, 1), max: Date.UTC(2026, 10, 9) }),
  fc.integer({ min: Date.UTC(2011, 11, 28), max: Date.UTC(2012, 0, 2) }),
);

test('property: a period holds exactly the times that the wall clock of its time zone puts into it', () => {
  fc.assert(
    fc.property(
      times,
      fc.constantFrom<BudgetPeriod>('day', 'week', 'month'),
      fc.constantFrom(...timeZones),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { maxLength: 5 }),
      (nowMs, per, timeZone, places) => {
        const { bounds, names } = createCalendar().periodsAt(nowMs, per, timeZone);
        const [first, second, end] = bounds;
        const nameAt = (ms: number) => periodByWallClock(ms, per, timeZone);
        expect(nowMs >= first && nowMs < second && second <= end).toBe(true);
        for (const ms of [first, nowMs, second - 1, ...places.map((at) => first + Math.floor((second - first) * at))]) {
          expect(nameAt(ms)).toBe(names[0]);
        }
        expect(nameAt(first - 1) < names[0]).toBe(true);
        // A day that was skipped is a period without length, so the name of the next one is that of the day after it.
        expect(nameAt(second) >= names[1] && nameAt(end) > names[1]).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

test.each<readonly [string, BudgetPeriod, string, string, string]>([
  ['2026-11-28T12:00:00Z', 'day', 'UTC', '2026-11-28T00:00:00.000Z', '2026-11-29T00:00:00.000Z'],
  ['2026-11-28T12:00:00Z', 'week', 'UTC', '2026-11-23T00:00:00.000Z', '2026-11-30T00:00:00.000Z'],
  ['2026-11-28T12:00:00Z', 'month', 'UTC', '2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z'],
  // 23 and 25 hours.
  ['2026-03-29T12:00:00Z', 'day', 'Europe/Berlin', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
  ['2026-10-25T12:00:00Z', 'day', 'Europe/Berlin', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
  ['2026-12-31T23:30:00Z', 'month', 'Asia/Kolkata', '2026-12-31T18:30:00.000Z', '2027-01-31T18:30:00.000Z'],
  // Midnight is skipped.
  ['2026-04-24T12:00:00Z', 'day', 'Africa/Cairo', '2026-04-23T22:00:00.000Z', '2026-04-24T21:00:00.000Z'],
])('%s is in the %s in %s from %s to %s', (now, per, timeZone, from, to) => {
  const [first, second] = createCalendar().periodsAt(Date.parse(now), per, timeZone).bounds;
  expect([first, second].map((ms) => new Date(ms).toISOString())).toEqual([from, to]);
});

test('a period is found anew when it is over, and when the clock was set back', () => {
  const calendar = createCalendar();
  const at = (time: string) => calendar.periodsAt(Date.parse(time), 'day', 'UTC').names[0];
  expect(['2026-11-28T23:59:59Z', '2026-11-29T00:00:00Z', '2026-11-28T12:00:00Z'].map(at)).toEqual([
    '2026-11-28',
    '2026-11-29',
    '2026-11-28',
  ]);
});

test('a time zone that does not exist is refused', () => {
  expect(() => createCalendar().periodsAt(0, 'day', 'Mars/Olympus')).toThrow(RangeError);
});
