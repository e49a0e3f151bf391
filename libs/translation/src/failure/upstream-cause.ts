import type { NumberRange } from './number-range.ts';

/**
 * Why an upstream did not answer, read from what it said and never from who it is. Closed, so that every reader of it
 * says what it does about each.
 *
 * A path names a member of the request that was sent: `tools[3].function.description`, with names joined by dots and
 * indexes in brackets, without a prefix such as `body` or `$`.
 */
export type UpstreamCause =
  /** The prompt does not fit. The client compacts. */
  | {
      readonly kind: 'overflow';
      readonly promptTokens: number | undefined;
      readonly windowTokens: number | undefined;
      readonly limitOf: LimitOwner;
    }
  /** The answer may not be that long; a shorter one is possible. */
  | ({ readonly kind: 'answer-too-long' } & AnswerBounds)
  /** The server does not take these members; where it states circumstances, only under those. */
  | { readonly kind: 'field-rejected'; readonly paths: readonly string[]; readonly when?: readonly Circumstance[] }
  /** The server takes the member, but not with this value. `allowed` is empty where it names no others. */
  | {
      readonly kind: 'value-rejected';
      readonly path: string;
      readonly value: string | undefined;
      readonly allowed: readonly string[];
      readonly range?: NumberRange;
      readonly when?: readonly Circumstance[];
    }
  /** More of something than the server takes. */
  | {
      readonly kind: 'count-exceeded';
      readonly what: CountedThing;
      readonly maximum: number | undefined;
      readonly when?: readonly Circumstance[];
    }
  /** The schema of a tool, or a keyword in it, is more than the server understands. */
  | { readonly kind: 'schema-rejected'; readonly keyword: string | undefined; readonly path: string | undefined }
  /** A form of the history, or a combination of settings, that no single field stands for. */
  | { readonly kind: 'form-rejected'; readonly form: RejectedForm }
  /** The gateway's own credential was refused. */
  | { readonly kind: 'credential'; readonly lacks?: MissingPermission }
  /** No credit, or a plan that is used up: asking again within the minute is in vain. */
  | { readonly kind: 'account-empty'; readonly resetsAt: string | undefined }
  | { readonly kind: 'rate-limited'; readonly retryAfterSeconds: number | undefined }
  | { readonly kind: 'overloaded'; readonly retryAfterSeconds: number | undefined }
  | { readonly kind: 'timed-out'; readonly retryAfterSeconds: number | undefined }
  | { readonly kind: 'model-unknown' }
  /** Another refusal of this request: the same again would be refused again. */
  | { readonly kind: 'refused'; readonly path: string | undefined }
  /** The server failed by itself. */
  | { readonly kind: 'broken'; readonly retryAfterSeconds: number | undefined };

/**
 * What else a request must have for a rejection to hold. `unknown` stands for a condition that cannot be told from a
 * request.
 */
export type Circumstance = 'tools' | 'thinking' | 'streaming' | 'no streaming' | `with ${string}` | 'unknown';

/** What of Google's clouds the gateway's account may not use: a project, or an API that is not enabled in it. */
export type MissingPermission = 'project' | 'api';

/** What a server said of the lengths; undefined where it did not say. */
export interface AnswerBounds {
  /** What was asked for the answer. */
  readonly askedTokens: number | undefined;
  /** What this request may have, by the server's own numbers. */
  readonly possibleTokens: number | undefined;
  /** The most that the model takes for any answer. */
  readonly modelMaximum: number | undefined;
  readonly promptTokens: number | undefined;
  /** Prompt and answer together, where the server names them in one number. */
  readonly totalTokens: number | undefined;
  readonly windowTokens: number | undefined;
  readonly limitOf: LimitOwner;
}

/** Whose limit was met. What an account may spend, in a minute or at all, says nothing about the model. */
export type LimitOwner = 'model' | 'account';

export type CountedThing =
  | 'images'
  | 'audios'
  | 'videos'
  | 'files'
  | 'tools'
  | 'messages'
  | 'stop sequences'
  | 'cache marks';

export type RejectedForm =
  /** The server answers in streams alone, or gives more in them. */
  | 'answers in one piece'
  /** User and assistant must take turns, or messages of tools are unknown to the model's template. */
  | 'messages in any order'
  /** There is no message of the system; its text must be the user's. */
  | 'system messages'
  /** Messages of the system stand at the beginning alone. */
  | 'system messages between turns'
  /** Calls and results in the history need tools that are declared. */
  | 'calls without tools'
  /** The model does not think, or not with these settings. */
  | 'thinking'
  /** The model does not think in a request that has tools. */
  | 'thinking with tools'
  /** A tool cannot be forced while the model thinks. */
  | 'forced choice while thinking'
  /** The reasoning of earlier turns is not this server's own. */
  | 'past reasoning'
  /** The reasoning before calls must be in the history. */
  | 'history without reasoning'
  /** Messages with calls alone must have a content all the same. */
  | 'calls without text'
  /** Messages hold no reasoning, or not in this form. */
  | 'reasoning in messages';
