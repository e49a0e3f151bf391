import type { GatewayError } from '@ccg/kernel';
import type { JsonObject, Usage } from '@ccg/wire';
import type { FrameSink, Progress } from '../translation.ts';
import type { BlockWriter } from './block-writer.ts';
import { completeAtEnd, completeAtMarker } from './completion.ts';
import { failStream, newEncoderState, usageIfBrokenOff } from './encoder-state.ts';
import type { EncoderSettings, Finish } from './encoder-state.ts';
import {
  addDetails,
  addRedacted,
  addSignature,
  addText,
  addThinking,
  addToolFragment,
  addWholeCalls,
} from './segment-queue.ts';
import type { ToolFragment } from './tool-calls.ts';
import { addPages, addSearch } from './web-searches.ts';
import type { WebPage } from './block-writer.ts';
import { withWholeCharacters } from './whole-characters.ts';

/**
 * Takes the parts of a backend's answer, the same for all dialects, and writes an Anthropic message: one open block
 * at a time, indices without gaps, tool arguments that are a JSON object before their block stops, usage always.
 * Texts are contents of JSON string literals. Nothing is handed to the sink before `flush`, and nothing is written
 * after the message's end or an error.
 */
export interface Encoder {
  text(literal: string): void;
  /** `origin` goes to the signer if this piece begins a run. */
  thinking(literal: string, origin?: string): void;
  /** The backend's records of the current reasoning. Without visible text they become a redacted block. */
  reasoningDetails(details: readonly JsonObject[]): void;
  /** The backend's own signature of the latest run of reasoning. Ignored if that run is closed. */
  signature(literal: string): void;
  redactedThinking(literal: string): void;
  toolCall(fragment: ToolFragment): void;
  /** All calls of the answer. Only what was not told before is added. */
  wholeCalls(calls: readonly ToolFragment[]): void;
  /** The last pieces of calls; ignored if they are all calls once more. */
  lastCalls(fragments: readonly ToolFragment[]): void;
  /**
   * A search of the web that the backend made by itself. `query` is what it searched for, if it says so. Searches are
   * written behind the rest of the answer.
   */
  webSearch(query?: string): void;
  /** Pages that the latest search found. What was told before is left out. */
  webPages(pages: readonly WebPage[]): void;
  /** The usage so far; the last call counts. */
  usage(usage: Usage): void;
  finish(finish: Finish): void;
  /** The backend's terminal marker, such as `[DONE]`. */
  marker(): void;
  /** The end of the body. */
  end(): void;
  fail(error: GatewayError): void;
  flush(): void;
  /** Whether the answer has not ended: what `progress` says of it, without the rest. */
  isOpen(): boolean;
  progress(this: void): Progress;
}

export function createEncoder(settings: EncoderSettings, writer: BlockWriter, sink: FrameSink): Encoder {
  const state = newEncoderState(settings, withWholeCharacters(writer));
  let visible = false;
  return {
    text(literal) {
      addText(state, literal);
    },
    thinking(literal, origin = '') {
      addThinking(state, literal, origin);
    },
    reasoningDetails(details) {
      addDetails(state, details);
    },
    signature(literal) {
      addSignature(state, literal);
    },
    redactedThinking(literal) {
      addRedacted(state, literal);
    },
    toolCall(fragment) {
      addToolFragment(state, fragment);
    },
    wholeCalls(calls) {
      addWholeCalls(state, calls);
    },
    lastCalls(fragments) {
      if (state.toolCalls.areRepeated(fragments)) addWholeCalls(state, fragments);
      else for (const fragment of fragments) addToolFragment(state, fragment);
    },
    webSearch(query) {
      addSearch(state, query);
    },
    webPages(pages) {
      addPages(state, pages);
    },
    usage(usage) {
      // A late report would be seen or not, depending on the chunks.
      if (state.phase === 'open') state.usage = usage;
    },
    finish(finish) {
      // As a late report of usage: it would come before or after a failure, depending on the chunks.
      if (state.phase === 'open') state.finish = finish;
    },
    marker() {
      completeAtMarker(state);
    },
    end() {
      completeAtEnd(state);
    },
    fail(error) {
      failStream(state, error);
    },
    flush() {
      const frames = writer.take();
      if (frames === '') return;
      visible = true;
      sink(frames);
    },
    isOpen: () => state.phase === 'open',
    progress: () => ({
      visible,
      ...usageIfBrokenOff(state),
      state: state.phase,
      finishedAt: state.finish === undefined ? undefined : state.writtenBytes,
      error: state.error,
    }),
  };
}
