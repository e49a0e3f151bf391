import { joinTexts } from '@ccg/wire';
import type { HistoryCall, HistoryStep } from '../../history/pair-tool-results.ts';
import { textBlock } from '../../history/read-turns.ts';
import type { HistoryBlock } from '../../history/turn.ts';
import { argumentsText } from './assistant-message.ts';
import { interrupted } from './tool-results.ts';

/** The same history with calls as text of the assistant and results as text of the user. */
export function callsAsText(steps: readonly HistoryStep[]): HistoryStep[] {
  const told: HistoryStep[] = [];
  for (const step of steps) {
    const next = asText(step);
    const last = told.at(-1);
    // What the user says beside results belongs to the same turn.
    if (last?.kind === 'user' && next.kind === 'user') {
      told[told.length - 1] = { kind: 'user', blocks: [...last.blocks, ...next.blocks] };
    } else told.push(next);
  }
  return told;
}

function asText(step: HistoryStep): HistoryStep {
  switch (step.kind) {
    case 'user':
    case 'system':
      return step;
    case 'assistant':
      return { kind: 'assistant', blocks: [...step.blocks, ...step.calls.map(callText)], calls: [] };
    case 'results':
      return { kind: 'user', blocks: step.results.map(({ call, result }) => result ?? missing(call)) };
  }
}

function callText({ name, block }: HistoryCall): HistoryBlock {
  return textBlock(joinTexts(['[tool call ', name, ' ', argumentsText(block.block['input']), ']'], ''), block.path);
}

function missing({ block }: HistoryCall): HistoryBlock {
  return textBlock(`[tool result]\n${interrupted}`, block.path);
}
