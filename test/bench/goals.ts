import { slowStreams } from './cases.ts';
import { addedToFirstByte, cpuPerAnswer, cpuPerToken, ratioToPipe, tokensPerSecond } from './figures.ts';
import type { Measured } from './run-rounds.ts';
import { formatTable } from './format-table.ts';

/** One figure that the product is held to. */
interface Goal {
  readonly figure: string;
  readonly bound: 'at most' | 'at least';
  readonly limit: number;
  readonly unit: string;
  readonly measured: number | undefined;
}

/** The goals with everything switched on, missed ones marked. */
export function goalsTable(measured: Measured): string {
  const rows = goals(measured).map(({ figure, bound, limit, unit, measured: value }) => {
    if (value === undefined) return [figure, `${bound} ${limit}${unit}`, '–', 'not measured'];
    const met = bound === 'at most' ? value <= limit : value >= limit;
    return [figure, `${bound} ${limit}${unit}`, `${value.toFixed(limit < 10 ? 2 : 0)}${unit}`, met ? 'met' : 'MISSED'];
  });
  return formatTable([['goal', 'limit', 'measured', ''], ...rows]);
}

function goals(measured: Measured): Goal[] {
  const { passthrough, translated } = measured.slow;
  const slow = translated ?? passthrough;
  const allTokens = slowStreams.count * slowStreams.tokensPerSecond;
  const ratio = { bound: 'at most', limit: 1.6, unit: '×' } as const;
  const added = { bound: 'at most', unit: ' ms' } as const;
  const share = { bound: 'at least', unit: '' } as const;
  const cpuOfSmall = (target: 'passthrough' | 'translated') => ratioToPipe(measured, 'small', target, cpuPerAnswer);
  const shareOfLarge = (target: 'passthrough' | 'translated') =>
    1 / ratioToPipe(measured, 'large', target, cpuPerAnswer);
  return [
    { ...ratio, figure: 'CPU per small request, passthrough : pipe', measured: cpuOfSmall('passthrough') },
    { ...ratio, figure: 'CPU per small request, translated : pipe', measured: cpuOfSmall('translated') },
    {
      ...share,
      figure: '132 KB translated, requests per CPU second : pipe',
      limit: 0.45,
      measured: shareOfLarge('translated'),
    },
    {
      ...share,
      figure: '132 KB passthrough, requests per CPU second : pipe',
      limit: 0.85,
      measured: shareOfLarge('passthrough'),
    },
    {
      ...added,
      figure: 'first event small, passthrough − direct',
      limit: 0.4,
      measured: addedToFirstByte(measured, 'first event small', 'passthrough'),
    },
    {
      ...added,
      figure: 'first event small, translated − direct',
      limit: 0.4,
      measured: addedToFirstByte(measured, 'first event small', 'translated'),
    },
    {
      ...added,
      figure: 'first event 132 KB, passthrough − direct',
      limit: 0.5,
      measured: addedToFirstByte(measured, 'first event large', 'passthrough'),
    },
    {
      ...added,
      figure: 'first event 132 KB, translated − direct',
      limit: 2,
      measured: addedToFirstByte(measured, 'first event large', 'translated'),
    },
    {
      ...share,
      figure: 'tokens per CPU second, translated : pipe',
      limit: 0.8,
      measured: 1 / ratioToPipe(measured, 'tokens', 'translated', cpuPerToken),
    },
    {
      ...share,
      figure: '1,000 slow streams, tokens per second',
      limit: allTokens * 0.99,
      measured: slow === undefined ? undefined : tokensPerSecond(slow),
    },
    {
      bound: 'at most',
      figure: '1,000 slow streams, memory',
      limit: 320,
      unit: ' MB',
      measured: slow === undefined ? undefined : slow.residentBytes / 1e6,
    },
  ];
}
