import type { GatewayError } from '@ccg/kernel';
import { noUsage, streamErrorType } from '@ccg/wire';
import type { Usage, JsonObject } from '@ccg/wire';
import type { IdSource, Progress } from '../translation.ts';
import type { BlockWriter, WebPage } from './block-writer.ts';
import { decodeLiteral } from '../json-literal.ts';
import { createRepeatedCalls } from './repeated-calls.ts';
import type { RepeatedCalls } from './repeated-calls.ts';
import { createToolCalls } from './tool-calls.ts';
import type { ToolCall, ToolCalls } from './tool-calls.ts';

export interface EncoderSettings {
  /** Named in errors. */
  readonly provider: string;
  /** The token limit that was sent. An unfinished tool call of this length was cut, whatever the backend says. */
  readonly maxTokens: number | undefined;
  readonly ids: IdSource;
  /** Reported until the backend reports its own count. Undefined: unknown. */
  readonly estimatedInputTokens: number | undefined;
  readonly tools: ToolBorder;
  /**
   * What the client wants searched, the content of a string literal: the query of searches of which the backend tells
   * none. Undefined: the client asked for none, and is told of none.
   */
  readonly searchQuery?: string | undefined;
  /** The signature of a run of reasoning: printable ASCII, or empty if the backend needs nothing back. */
  sign(run: ReasoningRun): string;
  /**
   * What a call had besides id, name and arguments, as the data of a redacted block: printable ASCII, or empty if the
   * backend needs nothing back. `id` is the client's.
   */
  sealCall(id: string, members: JsonObject): string;
}

/** What a backend says of one of its searches. */
interface FoundPages {
  /** Undefined where the backend does not say what it searched for. */
  readonly query: string | undefined;
  readonly pages: WebPage[];
}

/** How the backend's calls look to the client. Ids and names are text. */
interface ToolBorder {
  /** Undefined for an id that the client cannot use. */
  id(id: string): string | undefined;
  /** Whether the request's history has this id of the client. */
  isUsed(id: string): boolean;
  name(name: string): string;
  /** Whether the client's request has a tool of this name. */
  isDeclared(name: string): boolean;
}

/** What an encoder keeps between two events. */
export interface EncoderState {
  readonly settings: EncoderSettings;
  readonly writer: BlockWriter;
  readonly toolCalls: ToolCalls;
  /** Calls that have, or had, a segment. */
  readonly seenCalls: Set<ToolCall>;
  readonly usedIds: Set<string>;
  readonly repeatedCalls: RepeatedCalls;
  readonly writtenCalls: Map<ToolCall, WrittenCall>;
  readonly queue: Segment[];
  readonly searches: FoundPages[];
  phase: Progress['state'];
  error: GatewayError | undefined;
  /** Undefined until the backend reports one. */
  usage: Usage | undefined;
  finish: Finish | undefined;
  wroteText: boolean;
  wroteToolUse: boolean;
  heldCharacters: number;
  /** Bytes of text, reasoning and arguments. If the backend reports no usage, it is estimated from them. */
  writtenBytes: number;
}

export function newEncoderState(settings: EncoderSettings, writer: BlockWriter): EncoderState {
  return {
    settings,
    writer,
    toolCalls: createToolCalls((literal) => settings.tools.isDeclared(settings.tools.name(decodeLiteral(literal)))),
    seenCalls: new Set(),
    usedIds: new Set(),
    repeatedCalls: createRepeatedCalls(),
    writtenCalls: new Map(),
    queue: [],
    searches: [],
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

/** A call whose block was opened. */
export interface WrittenCall {
  readonly call: ToolCall;
  /** The client's id, the content of a string literal. */
  readonly id: string;
  /** The members of the call that were sealed. */
  readonly sealed: JsonObject | undefined;
}

/** Ends the answer with an error, unless it has ended. In a stream this is one `error` event. */
export function failStream(state: EncoderState, error: GatewayError, phase: 'failed' | 'truncated' = 'failed'): void {
  if (state.phase !== 'open') return;
  state.phase = phase;
  state.error = error;
  const type = streamErrorType(error, state.writer.hasBlocks());
  state.writer.fail({ type, message: error.publicMessage });
}

/** The backend's reason to stop, the same for all dialects. */
export type Finish =
  | { readonly kind: 'stop' }
  | { readonly kind: 'length' }
  | { readonly kind: 'refusal' }
  /** `literal` is the sequence as the content of a JSON string literal. */
  | { readonly kind: 'stop-sequence'; readonly literal: string };

/** What a run of reasoning is signed with besides its text. */
export interface ReasoningRun {
  /** The member of the backend's answer that it came in. Empty if the dialect has only one. */
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

/** One future content block. Only the first segment in the queue is written; the others wait. */
export type Segment = TextSegment | ThinkingSegment | ToolSegment;

/** A rough estimate, but better than an answer that costs nothing. */
const bytesPerToken = 4;

/**
 * The usage that the backend reported, or an estimate where it reported none. Servers that answer from a cache
 * report a prompt of no tokens at all; that part is estimated, too.
 */
export function usageSoFar({
  usage,
  writtenBytes,
  settings: { estimatedInputTokens = 0 },
}: EncoderState): Pick<Progress, 'usage' | 'usageSource'> {
  if (usage === undefined) {
    const outputTokens = Math.ceil(writtenBytes / bytesPerToken);
    return { usage: { ...noUsage, inputTokens: estimatedInputTokens, outputTokens }, usageSource: 'estimated' };
  }
  if (estimatedInputTokens === 0 || promptTokens(usage) > 0) return { usage, usageSource: 'reported' };
  return { usage: { ...usage, inputTokens: estimatedInputTokens }, usageSource: 'estimated' };
}

/** The usage of an answer if it is broken off now. Some servers tell the prompt at once, and the output only at the end. */
export function usageIfBrokenOff(state: EncoderState): Pick<Progress, 'usage' | 'usageSource'> {
  const { usage, usageSource } = usageSoFar(state);
  const isWhole = state.phase === 'complete' || state.finish !== undefined;
  if (isWhole || usage.outputTokens > 0 || state.writtenBytes === 0) return { usage, usageSource };
  return { usage: { ...usage, outputTokens: Math.ceil(state.writtenBytes / bytesPerToken) }, usageSource: 'estimated' };
}

/** The usage that a message reports before its content. */
export function usageAtStart(state: EncoderState): Usage {
  const { usage } = usageSoFar(state);
  return state.usage === undefined ? { ...usage, outputTokens: 0 } : usage;
}

function promptTokens({ inputTokens, cacheReadTokens, cacheWriteTokens }: Usage): number {
  return inputTokens + cacheReadTokens + cacheWriteTokens;
}
