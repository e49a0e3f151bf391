import type { GatewayError } from '@ccg/kernel';
import type { JsonObject, Usage } from '@ccg/wire';
import type { FrameSink, Progress } from '../translation.ts';
import type { BlockWriter } from './block-writer.ts';
import { completeAtEnd, completeAtMarker } from './completion.ts';
import { failStream, newEncoderState, usageSoFar } from './encoder-state.ts';
import type { EncoderSettings, Finish } from './encoder-state.ts';
import { addDetails, addRedacted, addSignature, addText, addThinking, addToolFragment } from './segment-queue.ts';
import type { ToolFragment } from './tool-calls.ts';

/**
 * Takes what a backend says, in the words all dialects share, and writes an Anthropic message: one open block
 * at a time, indices without gaps, tool arguments that are a JSON object before their block stops, usage always.
 * Texts are contents of JSON string literals. Nothing is handed to the sink before `flush`, and nothing is written
 * after the message's end or an error.
 */
export interface Encoder {
  text(literal: string): void;
  /** `origin` is told to the signer of the run that this piece begins. */
  thinking(literal: string, origin?: string): void;
  /** The backend's records of the reasoning that is going on; without any visible text they become a redacted block. */
  reasoningDetails(details: readonly JsonObject[]): void;
  /** The signature of the latest run of reasoning, of a backend that signs; too late for a run that was closed. */
  signature(literal: string): void;
  redactedThinking(literal: string): void;
  toolCall(fragment: ToolFragment): void;
  /** The usage so far; the last call counts. */
  usage(usage: Usage): void;
  finish(finish: Finish): void;
  /** The backend's terminal marker, such as `[DONE]`. */
  marker(): void;
  /** The end of the body. */
  end(): void;
  fail(error: GatewayError): void;
  flush(): void;
  progress(): Progress;
}

export function createEncoder(settings: EncoderSettings, writer: BlockWriter, sink: FrameSink): Encoder {
  const state = newEncoderState(settings, writer);
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
    usage(usage) {
      // After the end it would depend on the chunks whether a late report is still seen.
      if (state.phase === 'open') state.usage = usage;
    },
    finish(finish) {
      state.finish = finish;
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
    progress: () => ({ visible, ...usageSoFar(state), state: state.phase, error: state.error }),
  };
}
