import type { JsonObject } from '@ccg/wire';

/** One content block of the client's history, and where it stood. */
export interface HistoryBlock {
  readonly type: string;
  readonly block: JsonObject;
  /** The path in the client's request, such as `messages.3.content.0`. */
  path(): string;
}

/** One message of the client with its content as blocks, whichever way it was written. */
export interface Turn {
  readonly role: 'user' | 'assistant' | 'system';
  readonly blocks: readonly HistoryBlock[];
  /** Whether a later user message makes this instruction void. */
  readonly clearsAtNextUser: boolean;
}
