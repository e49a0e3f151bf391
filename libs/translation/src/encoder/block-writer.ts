import type { AnthropicErrorType } from '@ccg/kernel';
import type { Usage } from '@ccg/wire';

/** A page that a search of the web found. Texts are contents of JSON string literals. */
export interface WebPage {
  readonly url: string;
  readonly title: string;
}

/** One search of the web, as the client is told it. */
export interface WebSearch {
  /** The client's id of it, the content of a string literal. */
  readonly id: string;
  readonly query: string;
  readonly pages: readonly WebPage[] | 'unavailable';
}

/** The values of `stop_reason` that a translated answer can have. */
export type StopReason = 'end_turn' | 'max_tokens' | 'tool_use' | 'refusal' | 'stop_sequence';

/** How a message ends. */
export interface MessageEnd {
  readonly stopReason: StopReason;
  /** The content of a JSON string literal. */
  readonly stopSequence: string | undefined;
  readonly usage: Usage;
  /** How often the backend searched the web. */
  readonly webSearches: number;
}

/** What is known of a message before its content. */
export interface MessageHead {
  readonly id: string;
  /** What the client asked for, as text. */
  readonly model: string;
  /** Of the client's request. An error event names it. */
  readonly requestId: string;
}

/**
 * Writes one message, block after block, as a stream or as one JSON document. Texts are contents of JSON string
 * literals. A block is opened only after the last one was closed.
 */
export interface BlockWriter {
  /** Starts the message. Only the first call counts, so that nothing is visible before there is something to see. */
  begin(usage: Usage): void;
  openText(kind: 'text' | 'thinking'): void;
  openTool(tool: { readonly id: string; readonly name: string }): void;
  /** The next piece of the open block. */
  delta(literal: string): void;
  close(): void;
  /** Closes a block of reasoning, which always has a signature: the content of a JSON string literal. */
  closeThinking(signature: string): void;
  /** A whole block of reasoning that cannot be read; `data` is the content of a JSON string literal. */
  redacted(data: string): void;
  /** A search of the web and what it found: two whole blocks. */
  search(search: WebSearch): void;
  /** Closes a tool call whose arguments stop in the middle. */
  closeCut(): void;
  end(end: MessageEnd): void;
  fail(error: { readonly type: AnthropicErrorType; readonly message: string }): void;
  /** Whether any block was opened. */
  hasBlocks(): boolean;
  /** The byte string since the last call. */
  take(): string;
}
