import type { GatewayError } from '@ccg/kernel';
import type { Usage } from '@ccg/wire';
import type { IdSource, Progress } from '../translation.ts';
import type { BlockWriter } from './block-writer.ts';
import type { Finish } from './finish.ts';
import type { ReasoningRun, Segment } from './segment.ts';
import { streamErrorType } from './stream-errors.ts';
import { createToolCalls } from './tool-calls.ts';
import type { ToolCall, ToolCalls } from './tool-calls.ts';

export interface EncoderSettings {
  /** Named in errors. */
  readonly provider: string;
  /** What the backend was told to stop at; an unfinished tool call at this length was cut, whatever the backend says. */
  readonly maxTokens: number | undefined;
  readonly ids: IdSource;
  /** Told for as long as the backend has not reported any; undefined is unknown. */
  readonly estimatedInputTokens: number | undefined;
  readonly tools: ToolBorder;
  /** The signature of a run of reasoning: printable ASCII, or empty where nothing is to come back. */
  sign(run: ReasoningRun): string;
}

/** How the backend's calls look to the client. Ids and names are text. */
interface ToolBorder {
  /** Undefined for an id that is no use to the client. */
  id(id: string): string | undefined;
  name(name: string): string;
  /** Whether the client's request has a tool of this name. */
  isDeclared(name: string): boolean;
}

/** All that an encoder remembers between two events. */
export interface EncoderState {
  readonly settings: EncoderSettings;
  readonly writer: BlockWriter;
  readonly toolCalls: ToolCalls;
  /** Calls that have, or had, a segment. */
  readonly seenCalls: Set<ToolCall>;
  readonly usedIds: Set<string>;
  readonly queue: Segment[];
  phase: Progress['state'];
  error: GatewayError | undefined;
  /** Undefined until the backend reports one. */
  usage: Usage | undefined;
  finish: Finish | undefined;
  wroteText: boolean;
  wroteToolUse: boolean;
  heldCharacters: number;
  /** Bytes of text, reasoning and arguments, from which the usage is estimated that a backend does not report. */
  writtenBytes: number;
}

export function newEncoderState(settings: EncoderSettings, writer: BlockWriter): EncoderState {
  return {
    settings,
    writer,
    toolCalls: createToolCalls(),
    seenCalls: new Set(),
    usedIds: new Set(),
    queue: [],
    phase: 'open',
    error: undefined,
    usage: undefined,
    finish: undefined,
    wroteText: false,
    wroteToolUse: false,
    heldCharacters: 0,
    writtenBytes: 0,
  };
}

/** Ends the answer with an error, in a stream with one `error` event, unless it has ended. */
export function failStream(state: EncoderState, error: GatewayError, phase: 'failed' | 'truncated' = 'failed'): void {
  if (state.phase !== 'open') return;
  state.phase = phase;
  state.error = error;
  const type = streamErrorType(error, state.writer.hasBlocks());
  state.writer.fail({ type, message: error.publicMessage });
}
