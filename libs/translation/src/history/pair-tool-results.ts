import { decodeText, isText } from '@ccg/wire';
import type { JsonText } from '@ccg/wire';
import type { HistoryBlock, Turn } from './turns.ts';

/** A tool call of the history; `key` is its decoded id. */
export interface HistoryCall {
  readonly key: string;
  readonly id: JsonText;
  readonly name: JsonText;
  readonly block: HistoryBlock;
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
 * user's turn for the converter to show as text; of two results for one call the last counts.
 */
export function pairToolResults(turns: readonly Turn[]): HistoryStep[] {
  const steps: HistoryStep[] = [];
  let open: readonly HistoryCall[] = [];
  for (const turn of turns) {
    const { found, rest } = takeResults(turn, open);
    if (open.length > 0) {
      steps.push({ kind: 'results', results: open.map((call) => ({ call, result: found.get(call.key) })) });
    }
    open = [];
    if (turn.role === 'assistant') {
      const { blocks, calls } = readCalls(turn.blocks);
      steps.push({ kind: 'assistant', blocks, calls });
      open = calls;
    } else if (rest.length > 0) steps.push({ kind: turn.role, blocks: rest });
  }
  if (open.length > 0) steps.push({ kind: 'results', results: open.map((call) => ({ call, result: undefined })) });
  return steps;
}

function takeResults(
  turn: Turn,
  open: readonly HistoryCall[],
): { found: ReadonlyMap<string, HistoryBlock>; rest: readonly HistoryBlock[] } {
  const keys = new Set(open.map((call) => call.key));
  const found = new Map<string, HistoryBlock>();
  const rest: HistoryBlock[] = [];
  for (const block of turn.blocks) {
    const key = block.type === 'tool_result' ? keyOf(block, 'tool_use_id') : undefined;
    if (key !== undefined && keys.has(key)) found.set(key, block);
    else rest.push(block);
  }
  return { found, rest };
}

/** A second call with the same id is dropped: the client drops it too and executed the first alone. */
function readCalls(turnBlocks: readonly HistoryBlock[]): { blocks: HistoryBlock[]; calls: HistoryCall[] } {
  const calls = new Map<string, HistoryCall>();
  const blocks: HistoryBlock[] = [];
  for (const block of turnBlocks) {
    const { id, name } = block.block;
    if (block.type !== 'tool_use' || !isText(id) || !isText(name)) {
      blocks.push(block);
      continue;
    }
    const key = decodeText(id);
    if (!calls.has(key)) calls.set(key, { key, id, name, block });
  }
  return { blocks, calls: [...calls.values()] };
}

function keyOf({ block }: HistoryBlock, field: string): string | undefined {
  const id = block[field];
  return isText(id) ? decodeText(id) : undefined;
}
