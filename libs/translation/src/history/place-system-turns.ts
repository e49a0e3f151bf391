import { isText, joinTexts } from '@ccg/wire';
import type { JsonText } from '@ccg/wire';
import { isToolChange } from '../tools/effective-tools.ts';
import type { Warnings } from '../warnings.ts';
import { textBlock } from './turns.ts';
import type { HistoryBlock } from './history-block.ts';
import type { Turn } from './turns.ts';

/**
 * Puts instructions that stand between turns where the backend takes them: where they are, or as a reminder at the
 * end of the user turn before them, which is the form that Claude Code itself falls back to. No text moves before an
 * earlier message, so the prefix that the backend has cached stays the same. An instruction between a tool call and
 * its results waits until the results are told.
 */
export function placeSystemTurns(turns: readonly Turn[], form: 'in-place' | 'reminder', warnings: Warnings): Turn[] {
  const lastUser = turns.findLastIndex((turn) => turn.role === 'user');
  const placed: PlacedTurn[] = [];
  let waiting: Turn[] = [];
  let isBeforeResults = false;
  for (const [index, turn] of turns.entries()) {
    if (turn.role === 'system') {
      if (turn.clearsAtNextUser && index < lastUser) continue;
      const kept = keepTexts(turn, warnings);
      if (isBeforeResults) waiting.push(kept);
      else place(placed, kept, form);
      continue;
    }
    placed.push({ ...turn, blocks: [...turn.blocks] });
    for (const held of waiting) place(placed, held, form);
    waiting = [];
    isBeforeResults = hasCalls(turn) && hasResults(nextOfUser(turns, index));
  }
  return placed;
}

/** A turn of its own list of blocks, to which reminders are appended. */
type PlacedTurn = Turn & { readonly blocks: HistoryBlock[] };

function place(placed: PlacedTurn[], turn: Turn, form: 'in-place' | 'reminder'): void {
  const [first] = turn.blocks;
  if (first === undefined) return;
  if (form === 'in-place') {
    placed.push({ ...turn, blocks: [...turn.blocks] });
    return;
  }
  const texts = turn.blocks.map(({ block }) => block['text']).filter(isText);
  const reminder = withMark(textBlock(asReminder(texts), first.path), turn);
  const last = placed.at(-1);
  if (last?.role === 'user') last.blocks.push(reminder);
  else placed.push({ role: 'user', blocks: [reminder], clearsAtNextUser: false });
}

/** A cache mark of the instruction moves to the reminder. */
function withMark(reminder: HistoryBlock, { blocks }: Turn): HistoryBlock {
  const mark = blocks.at(-1)?.block['cache_control'];
  return mark === undefined ? reminder : { ...reminder, block: { ...reminder.block, cache_control: mark } };
}

function asReminder(texts: readonly JsonText[]): JsonText {
  return joinTexts(['<system-reminder>\n', joinTexts(texts, '\n\n'), '\n</system-reminder>'], '');
}

function keepTexts(turn: Turn, warnings: Warnings): Turn {
  const blocks: HistoryBlock[] = [];
  for (const block of turn.blocks) {
    if (block.type === 'text') blocks.push(block);
    else if (!isToolChange(block.type))
      warnings.add(
        block.path(),
        'unsupported',
        `Unsupported block type "${block.type}" in a system message. The block was removed.`,
      );
  }
  return { ...turn, blocks };
}

function hasCalls(turn: Turn): boolean {
  return turn.role === 'assistant' && turn.blocks.some(({ type }) => type === 'tool_use');
}

/** The turn that follows, instructions apart, if it is the user's. */
function nextOfUser(turns: readonly Turn[], index: number): Turn | undefined {
  let at = index + 1;
  while (turns[at]?.role === 'system') at += 1;
  return turns[at]?.role === 'user' ? turns[at] : undefined;
}

function hasResults(turn: Turn | undefined): boolean {
  return turn?.blocks.some(({ type }) => type === 'tool_result') ?? false;
}
