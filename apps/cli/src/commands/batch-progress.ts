import { printable } from '../cli.ts';
import { jsonAt, textAt } from '../json.ts';

const names = ['total', 'waiting', 'running', 'succeeded', 'errored', 'canceled', 'expired'] as const;

type Counts = Readonly<Record<(typeof names)[number], number>>;

/** The items of a batch; what the server does not tell is 0. */
export function countsOf(batch: unknown): Counts {
  const read = (name: string) => Number(jsonAt(batch, 'counts', name) ?? 0);
  return Object.fromEntries(names.map((name) => [name, read(name)])) as Counts;
}

/** How many items have ended, in whatever way. */
export function endedOf(batch: unknown): number {
  const { succeeded, errored, canceled, expired } = countsOf(batch);
  return succeeded + errored + canceled + expired;
}

/** How many items had ended at a time. */
interface Sight {
  readonly atMs: number;
  readonly ended: number;
}

/** The pace is that of the last half a minute, so that one slow item does not look like a standstill. */
const paceWindowMs = 30_000;

/** Remembers what was seen, and gives the items that end per second; undefined until it was seen twice. */
export function createPace(): (sight: Sight) => number | undefined {
  let sights: readonly Sight[] = [];
  return (sight) => {
    sights = [...sights, sight];
    // The last sight before the window stays, so that there are always two.
    const begins = sights.findLastIndex(({ atMs }) => atMs <= sight.atMs - paceWindowMs);
    sights = sights.slice(Math.max(0, begins));
    const [first = sight] = sights;
    const elapsedMs = sight.atMs - first.atMs;
    return elapsedMs <= 0 ? undefined : ((sight.ended - first.ended) / elapsedMs) * 1000;
  };
}

/** How far a batch is, in words that change with its items and with what they wait for alone. */
export function progressText(batch: unknown): string {
  const { total, waiting, running, succeeded, errored, canceled, expired } = countsOf(batch);
  const ended = endedOf(batch);
  const parts = [
    printable(textAt(batch, 'status') ?? '').replaceAll('_', ' '),
    `${ended} of ${total} items (${total === 0 ? 100 : Math.floor((ended / total) * 100)} %)`,
    ...Object.entries({ running, waiting, succeeded, errored, canceled, expired }).flatMap(([name, count]) =>
      count === 0 ? [] : [`${count} ${name}`],
    ),
  ];
  if (waitText(batch) !== undefined) parts.push(`waits for ${waitReasonText(batch)}`);
  return parts.join(', ');
}

/** What its items wait for that were tried; undefined where they wait for their turn alone. */
export function waitText(batch: unknown): string | undefined {
  const until = untilOf(batch);
  return until === undefined ? undefined : `${waitReasonText(batch)} until ${until}`;
}

/** To the second. */
function untilOf(batch: unknown): string | undefined {
  const until = textAt(batch, 'waitsFor', 'until');
  return until === undefined ? undefined : printable(until).replace(/\.\d+Z$/u, 'Z');
}

/** Without the time, which changes with each try. */
function waitReasonText(batch: unknown): string {
  const [reason = '', name] = [textAt(batch, 'waitsFor', 'reason'), textAt(batch, 'waitsFor', 'name')];
  return printable(name === undefined ? reason : `${reason} ${name}`);
}

/** Until when its items wait, how fast it is, and how long it may take; empty for what is not known. */
export function paceText(batch: unknown, perSecond: number | undefined): string {
  const until = untilOf(batch);
  return (until === undefined ? '' : ` until ${until}`) + speedText(batch, perSecond);
}

function speedText(batch: unknown, perSecond: number | undefined): string {
  const { waiting, running } = countsOf(batch);
  const left = waiting + running;
  if (perSecond === undefined || left === 0) return '';
  if (perSecond <= 0) return ', no item has ended lately';
  const rate = perSecond >= 10 ? Math.round(perSecond) : Number(perSecond.toFixed(perSecond < 1 ? 2 : 1));
  return `, ${rate} a second, about ${durationText(left / perSecond)} left`;
}

function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
