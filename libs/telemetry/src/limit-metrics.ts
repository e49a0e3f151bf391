import type { LabelValues } from './label-values.ts';
import { metricList } from './metric-list.ts';
import { createCells } from './series.ts';
import type { Cell, Family } from './series.ts';

/** A limit by what its series are told apart by; never whose use is counted. */
export interface LimitLabels {
  readonly tenant: string;
  readonly level: string;
  readonly kind: string;
}

/** How a limit came to what it reserved: by the gateway's estimate, or by the most that the client asked for. */
type ReservedBy = 'estimate' | 'max_tokens';

export interface LimitMeters {
  refused(mode: 'enforce' | 'shadow'): void;
  /** What share of a rate or of places is left to whoever asked: 0 to 1. */
  left(share: number): void;
  /** What share of a budget is used: above 1 where it was overspent. In shadow mode it refuses nobody. */
  used(per: string, mode: 'enforce' | 'shadow', share: number): void;
  /** What a request has reserved, and what it used in the end: tokens, of a budget micro-dollars. */
  settled(reserve: ReservedBy, reserved: number, used: number): void;
}

const microDollarsPerDollar = 1_000_000;
/** A gauge shows the extreme of the last one to two of these. */
const windowMs = 150_000;

/** Every metric of limits. There are many users below a limit, so of them all the one counts that is nearest to its end. */
export function createLimitMetrics(tenants: LabelValues, nowMs: () => number) {
  const refusals = createCells(metricList.limitRefusals);
  const reserved = createCells(metricList.limitReserved);
  const used = createCells(metricList.limitUsed);
  const left = createExtremes(createCells(metricList.limitRemaining), Math.min, nowMs);
  const spent = createExtremes(createCells(metricList.budgetUsed), Math.max, nowMs);
  const known = new Map<string, LimitMeters>();
  return {
    families: [refusals, left, spent, reserved, used],
    of({ tenant: name, level, kind }: LimitLabels): LimitMeters {
      const tenant = tenants.of(name, true);
      const key = `${tenant} ${level} ${kind}`;
      const made = known.get(key);
      if (made !== undefined) return made;
      const labels = { tenant, level, kind };
      const meters: LimitMeters = {
        refused(mode) {
          refusals.of({ ...labels, mode }).value += 1;
        },
        left(share) {
          left.note(key, labels, share);
        },
        used(per, mode, share) {
          spent.note(`${key} ${per} ${mode}`, { tenant, level, per, mode }, share);
        },
        settled(reserve, reservedAmount, usedAmount) {
          const unit = kind === 'budget' ? microDollarsPerDollar : 1;
          reserved.of({ kind, reserve }).value += reservedAmount / unit;
          used.of({ kind, reserve }).value += usedAmount / unit;
        },
      };
      known.set(key, meters);
      return meters;
    },
  };
}

interface Extreme<Labels extends readonly string[]> {
  readonly labels: Readonly<Record<Labels[number], string>>;
  window: number;
  latest: number;
  /** Of the window before; undefined where nothing was noted in it. */
  before: number | undefined;
}

/** A gauge of the extreme of what was noted lately. A series of which nothing was noted is left out. */
function createExtremes<Labels extends readonly string[]>(
  family: Family<Labels, Cell>,
  extreme: (one: number, other: number) => number,
  nowMs: () => number,
) {
  const noted = new Map<string, Extreme<Labels>>();
  const windowNow = () => Math.floor(nowMs() / windowMs);
  return {
    processes: family.processes,
    note(key: string, labels: Extreme<Labels>['labels'], value: number): void {
      const window = windowNow();
      const known = noted.get(key);
      if (known === undefined) noted.set(key, { labels, window, latest: value, before: undefined });
      else if (known.window === window) known.latest = extreme(known.latest, value);
      else {
        known.before = known.window === window - 1 ? known.latest : undefined;
        known.window = window;
        known.latest = value;
      }
    },
    expose(lines: string[]): void {
      family.clear();
      const window = windowNow();
      for (const [key, { labels, window: last, latest, before = latest }] of noted) {
        if (last >= window - 1) family.of(labels).value = last === window ? extreme(latest, before) : latest;
        else noted.delete(key);
      }
      family.expose(lines);
    },
  };
}
