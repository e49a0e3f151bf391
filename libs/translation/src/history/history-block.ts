import type { JsonObject } from '@ccg/wire';

/** One content block of the client's history, with its path. */
export interface HistoryBlock {
  readonly type: string;
  readonly block: JsonObject;
  /** The path in the client's request, such as `messages.3.content.0`. */
  path(): string;
}
