import type { CaseName } from '../cases.ts';
import type { Measured } from '../run-rounds.ts';
import { gatewayNames, gatewayWithoutAdmission } from '../servers/targets.ts';
import type { TargetName } from '../servers/targets.ts';
import { cpuPerToken, difference, figures, ratio, relate, spreadOf, tokensPerSecond } from './figures.ts';
import type { Figure, Spread } from './figures.ts';

/** Below this share of idle time a rate would be the generator's limit and not the server's. */
const idleMin = 0.2;
const nothing = '–';

/** Median and quartiles, as `97 (95–99)`. */
export function formatSpread({ median, lower, upper }: Spread, digits: number): string {
  if (Number.isNaN(median)) return nothing;
  if (lower === upper) return median.toFixed(digits);
  return `${median.toFixed(digits)} (${lower.toFixed(digits)}–${upper.toFixed(digits)})`;
}

/** What was measured: a row for each figure, a column for each target, and how each relates to what it stands beside. */
export function figuresTable(measured: Measured): string {
  const targets = measured.targets.filter((target) => target !== gatewayWithoutAdmission);
  const rows = figures
    .filter(({ name }) => hasResults(measured, name, 'pipe'))
    .flatMap((figure) => {
      const values = [figure.label, ...targets.map((target) => cell(measured, figure, target))];
      if (figure.isRate) return [values];
      const relation = figure.comparedWith === 'pipe' ? '  × the pipe' : '  more than direct';
      return [values, [relation, ...targets.map((target) => relationCell(measured, figure, target))]];
    });
  return formatTable([['median (quartiles)', ...targets], ...rows, ...streamRows(measured, targets)]);
}

/** The other commit beside this one, and the ratio of each round: below 1 is less than before. */
export function comparisonTable(measured: Measured): string {
  const rows = gatewayNames.flatMap((name) =>
    figures
      .filter((figure) => hasResults(measured, figure.name, name))
      .map((figure) => [
        `${name}, ${figure.label}`,
        cell(measured, figure, `${name} before`),
        cell(measured, figure, name),
        formatSpread(relate(measured, figure, [name, `${name} before`], ratio), 2),
      ]),
  );
  const streams = (['slow', 'held'] as const).flatMap((kind) => {
    const { translated: now, 'translated before': before } = measured[kind];
    if (now === undefined || before === undefined) return [];
    const label = kind === 'slow' ? '1,000 slow streams: MB' : '1,000 of 132 KB: MB';
    return [
      [
        `translated, ${label}`,
        megabytes(before.residentBytes),
        megabytes(now.residentBytes),
        (now.residentBytes / before.residentBytes).toFixed(2),
      ],
    ];
  });
  return formatTable([['median (quartiles)', 'before', 'now', 'now : before'], ...rows, ...streams]);
}

/** What admission costs: the gateway with it and with one that does nothing, and the ratio of each round. */
export function admissionTable(measured: Measured): string {
  const rows = figures
    .filter(({ name }) => hasResults(measured, name, gatewayWithoutAdmission))
    .map((figure) => [
      `translated, ${figure.label}`,
      cell(measured, figure, gatewayWithoutAdmission),
      cell(measured, figure, 'translated'),
      formatSpread(relate(measured, figure, ['translated', gatewayWithoutAdmission], ratio), 2),
    ]);
  return formatTable([['median (quartiles)', 'without admission', 'with', 'with : without'], ...rows]);
}

function hasResults({ rounds }: Measured, name: CaseName, target: TargetName): boolean {
  return (rounds[name]?.[target] ?? []).length > 0;
}

function cell({ rounds }: Measured, { name, of, isRate, digits }: Figure, target: TargetName): string {
  const results = (rounds[name]?.[target] ?? []).filter((result) => result !== undefined);
  const isGenerators = isRate && spreadOf(results.map(({ idle }) => idle)).median <= idleMin;
  return isGenerators ? nothing : formatSpread(spreadOf(results.map(of)), digits);
}

function relationCell(measured: Measured, figure: Figure, target: TargetName): string {
  const { comparedWith } = figure;
  if (target === comparedWith || target === 'direct') return '';
  return comparedWith === 'pipe'
    ? formatSpread(relate(measured, figure, [target, 'pipe'], ratio), 2)
    : formatSpread(relate(measured, figure, [target, 'direct'], difference), 3);
}

function streamRows({ slow, held }: Measured, targets: readonly TargetName[]): string[][] {
  const row = (label: string, of: (target: TargetName) => string | undefined): string[] => [
    label,
    ...targets.map((target) => of(target) ?? nothing),
  ];
  const inSlow = (target: TargetName) => (target === 'direct' ? undefined : slow[target]);
  const inHeld = (target: TargetName) => (target === 'direct' ? undefined : held[target]);
  return [
    row('1,000 slow streams: tokens/s', (target) =>
      optional(inSlow(target), (result) => tokensPerSecond(result).toFixed(0)),
    ),
    row('1,000 slow streams: CPU µs/token', (target) =>
      optional(inSlow(target), (result) => cpuPerToken(result).toFixed(1)),
    ),
    row('1,000 slow streams: MB', (target) =>
      optional(inSlow(target), ({ residentBytes }) => megabytes(residentBytes)),
    ),
    row('1,000 of 132 KB: MB', (target) => optional(inHeld(target), ({ residentBytes }) => megabytes(residentBytes))),
  ];
}

function optional<Value>(value: Value | undefined, format: (value: Value) => string): string | undefined {
  return value === undefined ? undefined : format(value);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

/** Rows as a Markdown table, aligned; the first one is its head, the first column its names. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => {
    const cells = widths.map((width, column) => {
      const cell = row[column] ?? '';
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${cells.join(' | ')} |`;
  };
  const [head = [], ...body] = rows;
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), line(rule), ...body.map(line)].join('\n');
}
