import type { OutputLimit, PromptSize } from '../translation.ts';
import { roomMinTokens } from './read-lengths.ts';
import type { AnswerBounds } from './upstream-cause.ts';

/** The error of an estimate, and the tokens that a chat template adds. */
const marginTokens = 1024;

/**
 * What to ask for the answer after the server refused its length: what the server names, else what the estimated
 * prompt leaves of the window, else half. Always less than what was sent, so that asking again comes to an end;
 * undefined where nothing useful is left.
 */
export function shorterAnswer(bounds: AnswerBounds, sentTokens: number, at: PromptSize): OutputLimit | undefined {
  const { modelMaximum, windowTokens, limitOf } = bounds;
  const outputTokens = possibleTokens(bounds, sentTokens, at);
  if (outputTokens === undefined) return undefined;
  const contextTokens = limitOf === 'model' ? windowTokens : undefined;
  return { outputTokens, limits: { contextTokens, outputTokens: modelMaximum } };
}

function possibleTokens(bounds: AnswerBounds, sentTokens: number, at: PromptSize): number | undefined {
  const { modelMaximum, totalTokens, windowTokens = at.windowTokens } = bounds;
  // A model may be made for short answers. What was sent within its limit is refused for another reason.
  if (modelMaximum !== undefined) return modelMaximum < sentTokens ? modelMaximum : undefined;
  if (totalTokens !== undefined && isPromptAlone(totalTokens, sentTokens, at)) return undefined;
  const over = totalTokens === undefined || windowTokens === undefined ? 0 : totalTokens - windowTokens;
  const { estimatedTokens } = at;
  const left =
    bounds.possibleTokens ??
    (over > 0 ? sentTokens - over : undefined) ??
    (windowTokens === undefined || estimatedTokens === undefined
      ? undefined
      : windowTokens - estimatedTokens - marginTokens);
  const tokens = left === undefined || left >= sentTokens ? Math.floor(sentTokens / 2) : left;
  return tokens < roomMinTokens ? undefined : tokens;
}

/** Servers do not say whether what was requested is the prompt alone, or with its answer: what is nearer to the estimate. */
function isPromptAlone(totalTokens: number, sentTokens: number, { estimatedTokens }: PromptSize): boolean {
  if (totalTokens < sentTokens) return true;
  if (estimatedTokens === undefined) return false;
  return Math.abs(totalTokens - estimatedTokens) < Math.abs(totalTokens - sentTokens - estimatedTokens);
}
