import type { Circumstance, UpstreamCause } from '../upstream-cause.ts';

/** What a sentence of a server says. */
export type Saying =
  /** The prompt does not fit. */
  | 'overflow'
  /** The answer may not be that long. */
  | 'answer-too-long'
  /** One request is more than the account may spend in a minute, so that no waiting helps. */
  | 'more-than-a-minute'
  | 'affordable'
  /** One text of the request is too long. */
  | 'text-too-long'
  | 'field'
  | 'value'
  | 'count'
  | 'schema'
  | FormSaying
  /** A mistake in the request, whatever the status says. */
  | 'mistake'
  | 'model-unknown'
  | 'account-empty'
  | 'rate-limited'
  | 'overloaded'
  /** The prompt is not what the server wants to answer. */
  | 'content-refused'
  | 'credential';

type FormSaying = Extract<UpstreamCause, { kind: 'form-rejected' }>['form'];

/**
 * One way in which servers say something. The order of the table counts: the first that matches is what a text says,
 * among those that its status admits. Groups of a pattern: `path`, `paths` (a list), `at` (what the path stands in),
 * `value`, `allowed` (a list), `rest` (where a list may be announced), `keyword`, `what`, `maximum`.
 *
 * Patterns hold no quantifier without a bound, so that no text can keep one busy.
 */
export interface Sentence {
  readonly says: Saying;
  readonly pattern: RegExp;
  /** What the text must not hold besides. */
  readonly unless?: RegExp;
  /** For sentences that name no path themselves, or nothing that is counted. */
  readonly path?: string;
  /** For sentences whose words are the circumstances themselves. */
  readonly when?: readonly Circumstance[];
  /** For sentences that say a number without a digit. */
  readonly maximum?: number;
  /** The words as they were found, and where. */
  readonly examples: readonly (readonly [text: string, source: string])[];
  /** Words that look alike and say something else. */
  readonly counter: string;
}
