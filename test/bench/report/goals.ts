import { nativeDialects, slowStreams } from '../cases.ts';
import type { CaseName } from '../cases.ts';
import type { Measured } from '../run-rounds.ts';
import {
  cpuPerAnswer,
  cpuPerToken,
  difference,
  firstByte,
  ratio,
  relate,
  spreadOf,
  tokensPerSecond,
} from './figures.ts';
import type { Spread } from './figures.ts';
import { formatSpread, formatTable } from './tables.ts';

/** One figure that the product is held to. */
interface Goal {
  readonly figure: string;
  readonly bound: 'at most' | 'at least';
  readonly limit: number;
  /** What would be better still. */
  readonly stretch?: number;
  readonly unit: string;
  readonly measured: Spread;
}

/** The goals with everything switched on; a missed one is printed like the others, and marked. */
export function goalsTable(measured: Measured): string {
  const rows = goals(measured).map((goal) => {
    const { figure, bound, limit, stretch, unit, measured: value } = goal;
    const wanted = `${bound} ${limit}${unit}${stretch === undefined ? '' : `, better ${stretch}${unit}`}`;
    return [figure, wanted, formatSpread(value, limit < 10 ? 2 : 0), verdict(goal)];
  });
  return formatTable([['goal', 'wanted', 'median (quartiles)', ''], ...rows]);
}

function verdict({ bound, limit, stretch, measured: { median } }: Goal): string {
  if (Number.isNaN(median)) return 'not measured';
  const meets = (value: number): boolean => (bound === 'at most' ? median <= value : median >= value);
  if (!meets(limit)) return 'MISSED';
  return stretch !== undefined && meets(stretch) ? 'met, the better too' : 'met';
}

function goals(measured: Measured): Goal[] {
  type Gateway = 'passthrough' | 'translated';
  const cpuOfSmall = (target: Gateway) =>
    relate(measured, { name: 'small', of: cpuPerAnswer }, [target, 'pipe'], ratio);
  const shareOf = (name: CaseName, of: typeof cpuPerAnswer, target: Gateway) =>
    relate(measured, { name, of }, [target, 'pipe'], (one, pipe) => pipe / one);
  const added = (size: 'small' | 'large', target: Gateway) =>
    relate(measured, { name: `first event ${size}`, of: firstByte }, [target, 'direct'], difference);
  const { translated: slow } = measured.slow;
  const ofSlow = (of: (result: NonNullable<typeof slow>) => number) => spreadOf(slow === undefined ? [] : [of(slow)]);
  const atMost = { bound: 'at most', unit: '' } as const;
  const atLeast = { bound: 'at least', unit: '' } as const;
  const event = { bound: 'at most', unit: ' ms' } as const;
  const allTokens = slowStreams.count * slowStreams.tokensPerSecond;
  return [
    { ...atMost, figure: 'small translated, CPU : pipe', limit: 2.3, stretch: 2, measured: cpuOfSmall('translated') },
    { ...atMost, figure: 'small passthrough, CPU : pipe', limit: 1.8, measured: cpuOfSmall('passthrough') },
    {
      ...atLeast,
      figure: '132 KB passthrough, requests per CPU second : pipe',
      limit: 0.5,
      measured: shareOf('large', cpuPerAnswer, 'passthrough'),
    },
    {
      ...atLeast,
      figure: '132 KB translated, requests per CPU second : pipe',
      limit: 0.25,
      measured: shareOf('large', cpuPerAnswer, 'translated'),
    },
    {
      ...event,
      figure: 'first event small, passthrough − direct',
      limit: 0.4,
      measured: added('small', 'passthrough'),
    },
    { ...event, figure: 'first event small, translated − direct', limit: 0.4, measured: added('small', 'translated') },
    {
      ...event,
      figure: 'first event 132 KB, passthrough − direct',
      limit: 0.5,
      measured: added('large', 'passthrough'),
    },
    { ...event, figure: 'first event 132 KB, translated − direct', limit: 2, measured: added('large', 'translated') },
    {
      ...atLeast,
      figure: 'tokens per CPU second, translated : pipe',
      limit: 0.8,
      measured: shareOf('tokens', cpuPerToken, 'translated'),
    },
    ...nativeDialects.map((dialect) => ({
      ...atLeast,
      figure: `tokens per CPU second, ${dialect} : pipe`,
      limit: 0.8,
      measured: shareOf(`tokens ${dialect}`, cpuPerToken, 'translated'),
    })),
    {
      ...atLeast,
      figure: `1,000 slow streams translated, tokens/s of ${allTokens}`,
      limit: allTokens * 0.99,
      measured: ofSlow(tokensPerSecond),
    },
    {
      bound: 'at most',
      unit: ' MB',
      figure: '1,000 slow streams translated, memory',
      limit: 320,
      measured: ofSlow(({ residentBytes }) => residentBytes / 1e6),
    },
  ];
}
