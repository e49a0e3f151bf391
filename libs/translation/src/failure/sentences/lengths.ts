import { answerSentences } from './answers.ts';
import { promptSentences } from './prompts.ts';
import type { Sentence } from './sentence.ts';

/** How servers tell lengths: of the answer first, since many of these sentences name the prompt, too. */
export const lengthSentences: readonly Sentence[] = [...answerSentences, ...promptSentences];
