import { isMap, isScalar, parseDocument } from 'yaml';
import type { Pair, YAMLMap } from 'yaml';

const begin = '<!-- The values, out of the comments of values.yaml: npm run chart:readme writes them. -->';
const end = '<!-- End of the values. -->';

/** A value of the chart: its path, its default as it is written, and what it is for. */
interface Row {
  readonly name: string;
  readonly unset: string;
  readonly meaning: string;
}

/** The chart's README with the table of values that the comments of `values.yaml` make. */
export function chartReadme(readme: string, values: string): string {
  const [before, rest] = splitAt(readme, begin);
  const [, after] = splitAt(rest, end);
  return `${before}${begin}\n\n${table(rowsOf(values))}\n\n${end}${after}`;
}

function splitAt(text: string, mark: string): readonly [string, string] {
  const index = text.indexOf(mark);
  if (index === -1) throw new Error(`The README of the chart has no line ${mark}`);
  return [text.slice(0, index), text.slice(index + mark.length)];
}

/** Every value of `values.yaml`. Throws for one that no comment explains. */
function rowsOf(values: string): readonly Row[] {
  const { contents } = parseDocument(values);
  if (!isMap(contents)) throw new Error('values.yaml is no map.');
  const rows = pairsOf(contents).flatMap((pair) => rowsOfPair(pair, []));
  const unexplained = rows.filter(({ meaning }) => meaning === '').map(({ name }) => name);
  if (unexplained.length > 0) throw new Error(`No comment in values.yaml explains ${unexplained.join(', ')}.`);
  return rows;
}

function rowsOfPair({ comment, pair }: Commented, above: readonly string[]): readonly Row[] {
  const path = [...above, isScalar(pair.key) ? String(pair.key.value) : ''];
  const { value } = pair;
  if (isMap(value) && value.items.length > 0 && (comment === '' || explains(value))) {
    return pairsOf(value).flatMap((child) => rowsOfPair(child, path));
  }
  const plain: unknown = isMap(value) || isScalar(value) ? value.toJSON() : JSON.parse(JSON.stringify(value));
  return [{ name: path.join('.'), unset: JSON.stringify(plain), meaning: comment }];
}

/** Whether a map explains its members one by one. */
function explains(map: YAMLMap): boolean {
  return pairsOf(map).some(({ comment }) => comment !== '');
}

interface Commented {
  readonly pair: Pair;
  readonly comment: string;
}

/** The first comment of a map belongs to the map in the document, and to its first member here. */
function pairsOf(map: YAMLMap): readonly Commented[] {
  return map.items.map((pair, index) => {
    const own = isScalar(pair.key) ? pair.key.commentBefore : undefined;
    return { pair, comment: meaningOf(own ?? (index === 0 ? map.commentBefore : undefined)) };
  });
}

/** Of the lines above a value those from the first with `--` on. */
function meaningOf(comment: string | null | undefined): string {
  const text = (comment ?? '')
    .split('\n')
    .map((line) => line.trim())
    .join(' ');
  const start = text.lastIndexOf('-- ');
  return start === -1 ? '' : text.slice(start + 3).trim();
}

function table(rows: readonly Row[]): string {
  const cells = [
    ['value', 'default', 'meaning'],
    ...rows.map(({ name, unset, meaning }) => [`\`${name}\``, `\`${unset}\``, meaning]),
  ].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = cells;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
