import type { Part } from './prompt-text.ts';

/** What chat templates write around a message: its role and the marks of its beginning and end. */
export const messageTokens = 5;
/** The beginning of the answer, which is part of the prompt. */
export const priming = 4;
/** Around one tool: `{"type":"function","function":…}`. */
export const toolTokens = 10;
/** The instructions that templates add once when there are tools at all. */
export const toolsTokens = 80;
/** Around one tool call. */
export const callTokens = 14;
/** Around one tool result, which is a message of its own. */
export const resultTokens = 8;

export function fixedPart(tokens: number): Part {
  return { kind: 'fixed', tokens };
}
