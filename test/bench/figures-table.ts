import type { CaseName } from './cases.ts';
import { answersPerSecond, cpuPerAnswer, cpuPerToken, ratioToPipe, tokensPerSecond, typical } from './figures.ts';
import type { Figure } from './figures.ts';
import { formatTable } from './format-table.ts';
import type { Measured } from './run-rounds.ts';
import { targetNames } from './targets.ts';
import type { TargetName } from './targets.ts';

/** Below this share of idle time a rate would be the generator's limit and not the server's. */
const idleMin = 0.2;

/** What was measured, one row for each target; CPU times with their ratio to the pipe's. */
export function figuresTable(measured: Measured): string {
  const head = [
    'µs, medians',
    'small c=1 p50',
    'small c=64 req/s',
    'CPU/req',
    '132 KB c=16 req/s',
    'CPU/req',
    'first event small',
    '132 KB',
    '50 streams tokens/s',
    'CPU/token',
    '1,000 slow tokens/s',
    'CPU/token',
    'MB',
    '1,000 of 132 KB, MB',
  ];
  return formatTable([head, ...targetNames.map((target) => row(measured, target))]);
}

function row(measured: Measured, target: TargetName): string[] {
  const of = (name: CaseName, figure: Figure) => typical(measured, name, target, figure);
  const micro = (name: CaseName, figure: Figure) => (of(name, figure) * 1000).toFixed(0);
  const rate = (name: CaseName, figure: Figure) =>
    of(name, ({ idle }) => idle) > idleMin ? of(name, figure).toFixed(0) : '–';
  const cpu = (name: CaseName, figure: Figure, digits: number) =>
    target === 'direct'
      ? '–'
      : `${of(name, figure).toFixed(digits)} (${ratioToPipe(measured, name, target, figure).toFixed(2)}×)`;
  return [
    target,
    micro('small alone', ({ latencyMs }) => latencyMs),
    rate('small', answersPerSecond),
    cpu('small', cpuPerAnswer, 0),
    rate('large', answersPerSecond),
    cpu('large', cpuPerAnswer, 0),
    micro('first event small', ({ firstByteMs }) => firstByteMs),
    micro('first event large', ({ firstByteMs }) => firstByteMs),
    rate('tokens', tokensPerSecond),
    cpu('tokens', cpuPerToken, 2),
    ...slowCells(measured, target),
    heldCell(measured, target),
  ];
}

function slowCells({ slow }: Measured, target: TargetName): string[] {
  const result = target === 'direct' ? undefined : slow[target];
  if (result === undefined) return ['–', '–', '–'];
  const ratio = slow.pipe === undefined ? Number.NaN : cpuPerToken(result) / cpuPerToken(slow.pipe);
  return [
    tokensPerSecond(result).toFixed(0),
    `${cpuPerToken(result).toFixed(1)} (${ratio.toFixed(2)}×)`,
    (result.residentBytes / 1e6).toFixed(0),
  ];
}

function heldCell({ held }: Measured, target: TargetName): string {
  const result = target === 'direct' ? undefined : held[target];
  return result === undefined ? '–' : (result.residentBytes / 1e6).toFixed(0);
}
