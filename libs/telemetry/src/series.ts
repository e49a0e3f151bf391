import { visibleText } from '@ccg/kernel';
import type { MetricFacts } from './metric-list.ts';

// Written by hand, since requests run through it: a series is looked up once and is then a number to be added to, which
// in prom-client is a hash of all its labels each time. The text of its labels is made once as well.

/** One series of a counter or a gauge. */
export interface Cell {
  value: number;
}

/** One label set of a histogram. */
export interface Distribution {
  observe(value: number): void;
}

/** All series of a metric. */
export interface Family<Labels extends readonly string[], Series> {
  /** Whose metric it is. */
  readonly processes: MetricFacts['processes'];
  /** The series of these label values, which begins at 0. */
  of(labels: Readonly<Record<Labels[number], string>>): Series;
  /** Forgets all series. */
  clear(): void;
  /** The lines of the exposition. */
  expose(lines: string[]): void;
}

export function createCells<const Labels extends readonly string[]>(facts: MetricFacts<Labels>): Family<Labels, Cell> {
  return createFamily(facts, (labelText) => {
    const cell: Cell = { value: 0 };
    const head = `${facts.name}${braced(labelText)} `;
    return { series: cell, expose: (lines) => lines.push(head + numberText(cell.value)) };
  });
}

export function createDistributions<const Labels extends readonly string[]>(
  facts: MetricFacts<Labels>,
): Family<Labels, Distribution> {
  const { name, buckets } = facts;
  return createFamily(facts, (labelText) => {
    const counts = new Float64Array(buckets.length + 1);
    let sum = 0;
    const comma = labelText === '' ? '' : ',';
    const heads = [...buckets.map(String), '+Inf'].map((le) => `${name}_bucket{${labelText}${comma}le="${le}"} `);
    const labels = braced(labelText);
    return {
      series: {
        observe(value) {
          let at = 0;
          while (at < buckets.length && value > (buckets[at] ?? Infinity)) at += 1;
          counts[at] = (counts[at] ?? 0) + 1;
          sum += value;
        },
      },
      expose(lines) {
        let count = 0;
        for (const [at, head] of heads.entries()) {
          count += counts[at] ?? 0;
          lines.push(head + String(count));
        }
        lines.push(`${name}_sum${labels} ${numberText(sum)}`, `${name}_count${labels} ${String(count)}`);
      },
    };
  });
}

interface Member<Series> {
  readonly series: Series;
  readonly expose: (lines: string[]) => void;
}

/** A metric without labels has its one series from the start, so that nobody takes it for missing. */
function createFamily<Labels extends readonly string[], Series>(
  { name, kind, help, labels: names, processes }: MetricFacts<Labels>,
  create: (labelText: string) => Member<Series>,
): Family<Labels, Series> {
  const members = new Map<string, Member<Series>>();
  const memberOf = (labelText: string): Member<Series> => {
    const known = members.get(labelText);
    if (known !== undefined) return known;
    const made = create(labelText);
    members.set(labelText, made);
    return made;
  };
  if (names.length === 0) memberOf('');
  return {
    processes,
    of(labels) {
      return memberOf(names.map((label: Labels[number]) => `${label}="${labelValue(labels[label])}"`).join(',')).series;
    },
    clear() {
      members.clear();
    },
    expose(lines) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`);
      for (const member of members.values()) member.expose(lines);
    },
  };
}

function braced(labelText: string): string {
  return labelText === '' ? '' : `{${labelText}}`;
}

function numberText(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}

const valueMaxLength = 256;

/** As in the log: control characters would reach the terminal of whoever reads the exposition. */
function labelValue(value: string): string {
  if (value.length <= valueMaxLength && /^[\w.:/@+ -]*$/u.test(value)) return value;
  return visibleText(value, valueMaxLength).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}
