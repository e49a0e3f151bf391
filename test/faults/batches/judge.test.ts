import { expect, test } from 'vitest';
import { chargeFaults } from './charges.ts';
import type { Call } from './item-upstream.ts';
import { judge } from './judge.ts';
import type { Traces } from './judge.ts';

const call = (item: number, changes: Partial<Call> = {}): Call => ({
  item,
  caller: 'worker-1',
  startedMs: 0,
  end: 'answered',
  text: `item-${item} call-0`,
  tokens: { input: 100, output: 10 },
  ...changes,
});

const usage = { input_tokens: 100, output_tokens: 10 };
const succeeded = (item: number, text = `item-${item} call-0`) =>
  JSON.stringify({
    custom_id: `item-${item}`,
    result: { type: 'succeeded', message: { content: [{ type: 'text', text }], usage } },
  });
const errored = (item: number) => JSON.stringify({ custom_id: `item-${item}`, result: { type: 'errored' } });

const counts = { processing: 0, succeeded: 2, errored: 1, canceled: 0, expired: 0 };
const good: Traces = {
  items: 3,
  isRefused: (item) => item === 2,
  calls: [call(0, { end: 'busy' }), call(0), call(1), call(2, { end: 'refused' })],
  killedWorkers: new Set(),
  results: `${[succeeded(0), succeeded(1), errored(2)].join('\n')}\n`,
  batch: { request_counts: counts },
};

test('results that are what the upstream answered, one for each item, have no fault', () => {
  const verdict = judge(good);
  expect(verdict).toMatchObject({ results: 3, lost: 0, duplicated: 0, foreign: 0, faults: [] });
  expect(verdict.used).toEqual({ inputTokens: 200, outputTokens: 20 });
  expect(verdict.upstreamDuplicates).toEqual({ ofKilledWorkers: 0, others: 0 });
});

test.each<[string, Partial<Traces>, RegExp]>([
  ['a result that is missing', { results: [succeeded(0), errored(2)].join('\n') }, /1 results lost/u],
  ['a result that is there twice', { results: `${good.results}${succeeded(1)}` }, /1 results twice/u],
  [
    'an answer to another item',
    { results: [succeeded(0), succeeded(1, 'item-0 call-0'), errored(2)].join('\n') },
    /1 results that are not what/u,
  ],
  [
    'a success of an item that was refused',
    { results: [succeeded(0), succeeded(1), succeeded(2)].join('\n') },
    /1 results that are not what/u,
  ],
  ['an answer that was never sent whole', { calls: good.calls.slice(0, 2) }, /2 results that are not what/u],
  ['counts that are not those of the results', { batch: { request_counts: { ...counts, expired: 1 } } }, /the counts/u],
])('%s is a fault', (_what, changes, fault) => {
  expect(judge({ ...good, ...changes }).faults.join('; ')).toMatch(fault);
});

test('an item that ran twice is laid to the worker that was killed with it, or to nobody', () => {
  const calls = [...good.calls, call(0), call(1, { caller: 'worker-2' })];
  const killed = judge({ ...good, calls, killedWorkers: new Set(['worker-1']) });
  expect(killed).toMatchObject({ upstreamDuplicates: { ofKilledWorkers: 2, others: 0 }, duplicatesOfOneKill: 2 });
  expect(judge({ ...good, calls }).upstreamDuplicates).toEqual({ ofKilledWorkers: 0, others: 2 });
});

const used = { inputTokens: 200, outputTokens: 20 };
const charges = { ...used, succeeded: 2, costMicroDollars: 560, budgetMicroDollars: 560, reservations: 0 };

test.each<[string, Partial<typeof charges>, number]>([
  ['nothing but the results', {}, 0],
  ['more tokens than the results have', { outputTokens: 30 }, 1],
  ['more money than the records have', { budgetMicroDollars: 561 }, 1],
  ['nothing at all', { costMicroDollars: 0, budgetMicroDollars: 0 }, 1],
  ['what nobody gives back', { reservations: 1 }, 1],
])('a tenant that was charged %s has as many faults', (_what, changes, faults) => {
  expect(chargeFaults({ ...charges, ...changes }, used)).toHaveLength(faults);
});
