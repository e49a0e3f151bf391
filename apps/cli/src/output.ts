import { printable } from './cli.ts';
import type { Cli } from './cli.ts';
import { jsonAt } from './json.ts';

export interface OutputOptions {
  readonly json?: boolean | undefined;
}

/** A column of a table: its heading, and how its cells are read. */
export type Column = readonly [heading: string, read: (item: unknown) => unknown];

/** Prints a document of the API as it came, or what people read of it. */
export function show(cli: Cli, { json }: OutputOptions, document: unknown, text: () => string): void {
  cli.terminal.out(json === true ? `${JSON.stringify(document, null, 2)}\n` : text());
}

/** Aligned columns with headings. The last column is never padded. */
export function table(columns: readonly Column[], items: readonly unknown[]): string {
  const headings = columns.map(([heading]) => heading);
  return aligned([headings, ...items.map((item) => cellsOf(columns, item))]);
}

/** More of a table that is printed already. */
export function moreRows(columns: readonly Column[], items: readonly unknown[]): string {
  return aligned(items.map((item) => cellsOf(columns, item)));
}

/** One item, a line for each field that it has. */
export function card(columns: readonly Column[], item: unknown): string {
  const rows = columns.flatMap(([heading, read]) => {
    const value = read(item);
    return value === undefined ? [] : [[heading.toLowerCase(), cell(value)]];
  });
  return aligned(rows);
}

export function field(...path: readonly string[]): (item: unknown) => unknown {
  return (item) => jsonAt(item, ...path);
}

/** An ISO time in the second, as it stands in tables. */
export function time(...path: readonly string[]): (item: unknown) => unknown {
  return (item) => {
    const value = jsonAt(item, ...path);
    return typeof value === 'string' ? value.replace(/\.\d+Z$/u, 'Z') : value;
  };
}

/** What an allowlist allows, in one cell. */
export function allowlistOf(item: unknown): unknown {
  const [models, targets] = ['models', 'targets'].map((name) => jsonAt(item, 'allowlist', name));
  const parts = [
    ...(Array.isArray(models) ? [models.join(', ')] : []),
    ...(Array.isArray(targets) ? [`targets: ${targets.join(', ')}`] : []),
  ];
  return parts.length === 0 ? undefined : parts.join('; ');
}

/** The limits of a tenant, in one cell: `60 requests/minute`, `user: 5 concurrency`, `group: $50/day (shadow)`. */
export function limitsOf(item: unknown): unknown {
  const limits = jsonAt(item, 'limits');
  if (!Array.isArray(limits)) {
    const rate = jsonAt(limits, 'requestsPerMinute');
    return rate === undefined ? undefined : `${cell(rate)} requests/minute`;
  }
  return limits.map((limit) => {
    const [level, kind, per, mode] = ['level', 'kind', 'per', 'mode'].map((name) => jsonAt(limit, name));
    const what = kind === 'budget' ? '' : ` ${cell(kind)}`;
    const rate = `${cell(amountOf(limit))}${what}${per === undefined ? '' : `/${cell(per)}`}`;
    const counted = mode === 'shadow' ? `${rate} (shadow)` : rate;
    return level === 'tenant' ? counted : `${cell(level)}: ${counted}`;
  });
}

/** Micro-dollars as people read them; of less than a dollar the fractions of a cent, too. */
export function dollars(microDollars: unknown): string {
  const amount = Number(microDollars ?? 0) / 1_000_000;
  return `$${amount.toFixed(amount === 0 || Math.abs(amount) >= 1 ? 2 : 4)}`;
}

/** How much a limit is: a budget is in dollars. */
export function amountOf(limit: unknown): unknown {
  const amount = jsonAt(limit, 'amount');
  return jsonAt(limit, 'kind') === 'budget' ? `$${cell(amount)}` : amount;
}

function cellsOf(columns: readonly Column[], item: unknown): readonly string[] {
  return columns.map(([, read]) => cell(read(item)));
}

function cell(value: unknown): string {
  if (value === undefined || value === null || value === '') return '-';
  if (Array.isArray(value)) return value.length === 0 ? '-' : printable(value.map(String).join(', '));
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

/** Lines of cells in columns. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const [first = []] = rows;
  const widths = first.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows
    .map(
      (row) => `${row.map((text, at) => (at === row.length - 1 ? text : text.padEnd(widths[at] ?? 0))).join('  ')}\n`,
    )
    .join('');
}
