import { decodeText, isText } from '@ccg/wire';
import type { JsonText } from '@ccg/wire';
import type { Warnings } from '../warnings.ts';
import type { HistoryBlock } from './history-block.ts';
import type { Turn } from './turns.ts';

/** A tool call of the history; `key` is its decoded id. */
export interface HistoryCall {
  readonly key: string;
  /** How many earlier calls of the history have the same id: some servers number the calls of every answer anew. */
  readonly repeat: number;
  readonly id: JsonText;
  readonly name: JsonText;
  readonly block: HistoryBlock;
  /** How many other blocks of its turn stand before it. */
  readonly at: number;
}

/** The result of a call. Undefined if the call was interrupted. */
export interface CallResult {
  readonly call: HistoryCall;
  readonly result: HistoryBlock | undefined;
}

/** The history in the order that backends require: after the calls one result for each, in the same order. */
export type HistoryStep =
  | { readonly kind: 'user' | 'system'; readonly blocks: readonly HistoryBlock[] }
  | { readonly kind: 'assistant'; readonly blocks: readonly HistoryBlock[]; readonly calls: readonly HistoryCall[] }
  | { readonly kind: 'results'; readonly results: readonly CallResult[] };

/**
 * Pairs tool calls with the results of the turn after them. Claude Code sends results in the order of completion;
 * backends want the order of the calls. Text beside results comes after them; a result without a call stays in the
 * user's turn for the converter to show as text; of two results for one call the last counts. One id in two turns is
 * two calls, each with the result of its own turn.
 */
export function pairToolResults(turns: readonly Turn[], warnings: Warnings): HistoryStep[] {
  const steps: HistoryStep[] = [];
  const seen = new Map<string, number>();
  let open: readonly HistoryCall[] = [];
  for (const [at, turn] of turns.entries()) {
    const { found, rest } = takeResults(turn, open);
    if (open.length > 0)
      steps.push({ kind: 'results', results: open.map((call) => ({ call, result: found.get(call) })) });
    open = [];
    if (turn.role === 'assistant') {
      const { blocks, calls } = readCalls(turn.blocks, seen, resultCounts(turns[at + 1]));
      for (const { repeat, block } of calls) if (repeat === 1) warnOfRepeat(block, warnings);
      steps.push({ kind: 'assistant', blocks, calls });
      open = calls;
    } else if (rest.length > 0) steps.push({ kind: turn.role, blocks: rest });
  }
  if (open.length > 0) steps.push({ kind: 'results', results: open.map((call) => ({ call, result: undefined })) });
  return steps;
}

function warnOfRepeat(block: HistoryBlock, warnings: Warnings): void {
  const text = 'An earlier tool call has the same id. This call and its result were sent under another id.';
  warnings.add(`${block.path()}.id`, 'approximated', text);
}

interface TakenResults {
  readonly found: ReadonlyMap<HistoryCall, HistoryBlock>;
  readonly rest: readonly HistoryBlock[];
}

/**
 * If calls share an id, the last result belongs to the last of them, and so on backwards. Calls of one message are answered in
 * their order: what is missing is the result of the last.
 */
function takeResults(turn: Turn, open: readonly HistoryCall[]): TakenResults {
  const byKey = new Map(open.map(({ key }): [string, HistoryBlock[]] => [key, []]));
  const rest: HistoryBlock[] = [];
  for (const block of turn.blocks) {
    const results = block.type === 'tool_result' ? byKey.get(keyOf(block, 'tool_use_id') ?? '') : undefined;
    (results ?? rest).push(block);
  }
  const found = new Map<HistoryCall, HistoryBlock>();
  for (const [key, results] of byKey) {
    const calls = open.filter((call) => call.key === key);
    const isOneMessage = new Set(calls.map(({ block }) => messageOf(block))).size === 1;
    const missing = isOneMessage ? 0 : Math.max(0, calls.length - results.length);
    for (const [at, result] of results.slice(-calls.length).entries()) {
      const call = calls[at + missing];
      if (call !== undefined) found.set(call, result);
    }
  }
  return { found, rest };
}

/** How many results the turn after the calls has for each id. */
function resultCounts(turn: Turn | undefined): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const block of turn?.blocks ?? []) {
    const key = block.type === 'tool_result' ? keyOf(block, 'tool_use_id') : undefined;
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/**
 * More calls with the same id in one message are dropped if the id has one result alone: Claude Code drops them too and
 * executes the first. `seen` counts the calls of each id so far.
 */
function readCalls(
  turnBlocks: readonly HistoryBlock[],
  seen: Map<string, number>,
  results: ReadonlyMap<string, number>,
): { blocks: HistoryBlock[]; calls: HistoryCall[] } {
  const calls: HistoryCall[] = [];
  const latest = new Map<string, HistoryBlock>();
  const blocks: HistoryBlock[] = [];
  for (const block of turnBlocks) {
    const { id, name } = block.block;
    if (block.type !== 'tool_use' || !isText(id) || !isText(name)) {
      blocks.push(block);
      continue;
    }
    const key = decodeText(id);
    const before = latest.get(key);
    const isTwice = before !== undefined && messageOf(before) === messageOf(block);
    if (isTwice && (results.get(key) ?? 0) < 2) continue;
    const repeat = seen.get(key) ?? 0;
    seen.set(key, repeat + 1);
    latest.set(key, block);
    calls.push({ key, repeat, id, name, block, at: blocks.length });
  }
  return { blocks, calls };
}

/** The path of the client's message. A turn may be several of them. */
function messageOf(block: HistoryBlock): string {
  return block.path().split('.content')[0] ?? '';
}

function keyOf({ block }: HistoryBlock, field: string): string | undefined {
  const id = block[field];
  return isText(id) ? decodeText(id) : undefined;
}
