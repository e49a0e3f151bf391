import { jsonAt, jsonTextAt } from '@ccg/testkit';
import type { Call } from './item-upstream.ts';

/** What a run has left, from all sides. */
export interface Traces {
  readonly items: number;
  readonly isRefused: (item: number) => boolean;
  /** The upstream's own log. */
  readonly calls: readonly Call[];
  readonly killedWorkers: ReadonlySet<string>;
  /** The results as the client read them. */
  readonly results: string;
  /** The batch as the client was shown it. */
  readonly batch: unknown;
}

/** What the results say, beside the log of the upstream. */
export interface Verdict {
  readonly results: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Results that the upstream has not given for this item. */
  readonly foreign: number;
  readonly counts: unknown;
  /** Items that the upstream ran more than once: after a worker was killed that had it, and otherwise. */
  readonly upstreamDuplicates: { readonly ofKilledWorkers: number; readonly others: number };
  /** The most of them after one worker. */
  readonly duplicatesOfOneKill: number;
  /** What the results say was used: what has to be charged, and nothing else. */
  readonly used: { readonly inputTokens: number; readonly outputTokens: number };
  readonly faults: readonly string[];
}

export function judge(traces: Traces): Verdict {
  const lines = traces.results.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown]));
  const given = givenBy(traces.calls);
  const seen = new Set<number>();
  let [duplicated, foreign, succeeded, inputTokens, outputTokens] = [0, 0, 0, 0, 0];
  for (const line of lines) {
    const item = Number(jsonTextAt(line, 'custom_id').replace('item-', ''));
    if (seen.has(item)) duplicated += 1;
    seen.add(item);
    const isSuccess = jsonAt(line, 'result', 'type') === 'succeeded';
    if (isSuccess === traces.isRefused(item) || !given.has(nameOf(item, isSuccess ? textOf(line) : ''))) foreign += 1;
    if (!isSuccess) continue;
    succeeded += 1;
    inputTokens += Number(jsonAt(line, 'result', 'message', 'usage', 'input_tokens'));
    outputTokens += Number(jsonAt(line, 'result', 'message', 'usage', 'output_tokens'));
  }
  const lost = Array.from({ length: traces.items }, (_, item) => item).filter((item) => !seen.has(item)).length;
  const counts = jsonAt(traces.batch, 'request_counts');
  const wanted = { processing: 0, succeeded, errored: lines.length - succeeded, canceled: 0, expired: 0 };
  const upstream = duplicatesOf(traces);
  const faults = [
    ...(lost > 0 ? [`${lost} results lost`] : []),
    ...(duplicated > 0 ? [`${duplicated} results twice`] : []),
    ...(foreign > 0 ? [`${foreign} results that are not what the upstream answered`] : []),
    ...(isSame(counts, wanted) ? [] : [`the counts ${JSON.stringify(counts)} are not ${JSON.stringify(wanted)}`]),
  ];
  const used = { inputTokens, outputTokens };
  return { results: lines.length, lost, duplicated, foreign, counts, ...upstream, used, faults };
}

/** What the upstream has answered, whole; a refusal has no text. */
function givenBy(calls: readonly Call[]): ReadonlySet<string> {
  return new Set(
    calls.flatMap(({ item, end, text }) =>
      end === 'answered' ? [nameOf(item, text)] : end === 'refused' ? [nameOf(item, '')] : [],
    ),
  );
}

function nameOf(item: number, text: string): string {
  return `${item}: ${text}`;
}

function textOf(line: unknown): string {
  return String(jsonAt(line, 'result', 'message', 'content', 0, 'text'));
}

/** A call that was told to come later is none that ran. */
function duplicatesOf({ calls, killedWorkers }: Traces) {
  const before = new Map<number, Call>();
  const afterWorker = new Map<string, number>();
  let others = 0;
  for (const call of calls) {
    if (call.end === 'busy') continue;
    const earlier = before.get(call.item);
    before.set(call.item, call);
    if (earlier === undefined) continue;
    const { caller } = earlier;
    if (killedWorkers.has(caller)) afterWorker.set(caller, (afterWorker.get(caller) ?? 0) + 1);
    else others += 1;
  }
  const ofKilledWorkers = [...afterWorker.values()].reduce((sum, count) => sum + count, 0);
  return {
    upstreamDuplicates: { ofKilledWorkers, others },
    duplicatesOfOneKill: Math.max(0, ...afterWorker.values()),
  };
}

function isSame(one: unknown, other: Readonly<Record<string, number>>): boolean {
  return Object.entries(other).every(([name, count]) => jsonAt(one, name) === count);
}
