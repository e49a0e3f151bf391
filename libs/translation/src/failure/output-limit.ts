import type { OutputLimit } from '../translation.ts';
import type { ErrorReport } from './error-report.ts';
import { readTokenCounts } from './token-counts.ts';

/** A prompt that leaves less than this has to become shorter: nothing useful fits beside it. */
const roomMinTokens = 1024;

/**
 * What a server that refused the length of the answer would have taken, by its own words: the model's limit, or what
 * the prompt leaves of its window. Undefined for other failures, and where the prompt leaves next to nothing.
 */
export function readOutputLimit({ message = '' }: ErrorReport): OutputLimit | undefined {
  const { window, prompt, answer, answerMax } = readTokenCounts(message);
  if (answerMax !== undefined && answerMax > 0) {
    return { outputTokens: answerMax, limits: { contextTokens: undefined, outputTokens: answerMax } };
  }
  if (window === undefined || prompt === undefined || answer === undefined) return undefined;
  const room = window - prompt;
  if (room < roomMinTokens) return undefined;
  return { outputTokens: room, limits: { contextTokens: window, outputTokens: undefined } };
}
