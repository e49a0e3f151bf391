import { isText, joinTexts } from '@ccg/wire';
import type { JsonText } from '@ccg/wire';
import { isToolChange } from '../tools/effective-tools.ts';
import type { Warnings } from '../warnings.ts';
import { textBlock } from './read-turns.ts';
import type { HistoryBlock, Turn } from './turn.ts';

/**
 * Puts instructions that stand between turns where the backend takes them: where they are, or as a reminder at the
 * end of the user turn before them, which is the form that Claude Code itself falls back to. No text moves before an
 * earlier message, so the prefix that the backend has cached stays the same. An instruction between a tool call and
 * its results waits until the results are told.
 */
export function placeSystemTurns(turns: readonly Turn[], form: 'in-place' | 'reminder', warnings: Warnings): Turn[] {
  const lastUser = turns.findLastIndex((turn) => turn.role === 'user');
  const placed: Turn[] = [];
  let waiting: Turn[] = [];
  for (const [index, turn] of turns.entries()) {
    if (turn.role === 'system') {
      if (turn.clearsAtNextUser && index < lastUser) continue;
      const kept = keepTexts(turn, warnings);
      if (awaitsResults(placed.at(-1)) && hasResults(turns, index)) waiting.push(kept);
      else place(placed, kept, form);
      continue;
    }
    placed.push(turn);
    for (const held of waiting) place(placed, held, form);
    waiting = [];
  }
  return placed;
}

function place(placed: Turn[], turn: Turn, form: 'in-place' | 'reminder'): void {
  const [first] = turn.blocks;
  if (first === undefined) return;
  if (form === 'in-place') {
    placed.push(turn);
    return;
  }
  const texts = turn.blocks.map(({ block }) => block['text']).filter(isText);
  const reminder = withMark(textBlock(asReminder(texts), first.path), turn);
  const last = placed.at(-1);
  if (last?.role === 'user') placed[placed.length - 1] = { ...last, blocks: [...last.blocks, reminder] };
  else placed.push({ role: 'user', blocks: [reminder], clearsAtNextUser: false });
}

/** What the client wants cached up to an instruction, it wants cached up to the reminder. */
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
      warnings.add(block.path(), 'unsupported', `A ${block.type} block in a system message was left out.`);
  }
  return { ...turn, blocks };
}

function awaitsResults(turn: Turn | undefined): boolean {
  return turn?.role === 'assistant' && turn.blocks.some(({ type }) => type === 'tool_use');
}

function hasResults(turns: readonly Turn[], from: number): boolean {
  const next = turns.slice(from).find((turn) => turn.role !== 'system');
  return next?.role === 'user' && next.blocks.some(({ type }) => type === 'tool_result');
}
