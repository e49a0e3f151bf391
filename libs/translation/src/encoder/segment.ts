import type { JsonObject } from '@ccg/wire';
import type { ToolCall } from './tool-calls.ts';

/** What a run of reasoning is signed with besides its text. */
export interface ReasoningRun {
  /** Where in the backend's answer it stood, in the dialect's words; empty where only one place exists. */
  readonly origin: string;
  /** The backend's own records of it, in the order of arrival. */
  readonly details: readonly JsonObject[];
}

/** A run of text of the answer, in the order of arrival. */
export interface TextSegment {
  readonly kind: 'text';
  opened: boolean;
  /** Contents of string literals that were not written yet. */
  held: string[];
}

export interface ThinkingSegment {
  readonly kind: 'thinking';
  opened: boolean;
  held: string[];
  origin: string;
  readonly details: JsonObject[];
  /** The backend's own signature, the content of a string literal, where it is an Anthropic server. */
  signature: string | undefined;
  /** Whether the backend itself sent it as `redacted_thinking`, with `signature` as its data. */
  readonly redacted: boolean;
}

export interface ToolSegment {
  readonly kind: 'tool_use';
  readonly call: ToolCall;
  opened: boolean;
  /** How many pieces of the input were written. */
  written: number;
}

/** What becomes one content block. Only the first segment in the queue is written; those behind it wait. */
export type Segment = TextSegment | ThinkingSegment | ToolSegment;
