import type { ToolCall } from './tool-calls.ts';

/** A run of text or reasoning of the answer, in the order of arrival. */
export interface TextSegment {
  readonly kind: 'text' | 'thinking';
  opened: boolean;
  /** Contents of string literals that were not written yet. */
  held: string[];
}

export interface ToolSegment {
  readonly kind: 'tool_use';
  readonly call: ToolCall;
  opened: boolean;
  /** How many pieces of the input were written. */
  written: number;
}

/** What becomes one content block. Only the first segment in the queue is written; those behind it wait. */
export type Segment = TextSegment | ToolSegment;
