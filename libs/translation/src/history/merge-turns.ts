import type { HistoryBlock, Turn } from './turn.ts';

/** Joins neighbours of the same role, as the Anthropic API does, and leaves empty turns out. */
export function mergeTurns(turns: readonly Turn[]): Turn[] {
  const merged: (Turn & { readonly blocks: HistoryBlock[] })[] = [];
  for (const turn of turns) {
    if (turn.blocks.length === 0) continue;
    const last = merged.at(-1);
    // Appended one by one: a new list for every turn would take quadratic time.
    if (last?.role === turn.role) for (const block of turn.blocks) last.blocks.push(block);
    else merged.push({ ...turn, blocks: [...turn.blocks] });
  }
  return merged;
}
