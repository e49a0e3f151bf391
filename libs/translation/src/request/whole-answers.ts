import type { Rejections } from '../failure/rejections.ts';
import type { RejectedForm } from '../failure/upstream-cause.ts';

/** What some servers do not give: then they are asked for a stream, which is collected. */
export const wholeAnswers = 'answers in one piece' satisfies RejectedForm;

/** Whether the server is asked for a stream. */
export function asksForStream(isStream: boolean, { forms }: Pick<Rejections, 'forms'>): boolean {
  return isStream || forms.has(wholeAnswers);
}

/** The form of a request that asks for a whole answer. */
export function formOfAnswer(isStream: boolean): readonly string[] {
  return isStream ? [] : [wholeAnswers];
}
