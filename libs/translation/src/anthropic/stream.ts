import { toGatewayError } from '@ccg/kernel';
import type { GatewayError } from '@ccg/kernel';
import { bytesToString, createFrameSplitter, errorFrame, noUsage, streamErrorType } from '@ccg/wire';
import { malformedError, truncatedError } from '../encoder/stream-errors.ts';
import type { FrameSink, Progress, StreamTranslator } from '../translation.ts';
import { messageStopFrame } from '../encoder/frame-writer.ts';
import { readableLength } from './readable-frames.ts';
import { createUsageTap } from './tap-usage.ts';

/**
 * Passes an Anthropic stream through in whole frames, unchanged. Where the stop reason is missing, or an event cannot
 * be read, an `error` event takes its place; where only `message_stop` is missing, it is added. Nothing follows either.
 */
export function createAnthropicStream(sink: FrameSink, named: StreamNames): StreamTranslator {
  const passage = createPassage(sink, named);
  const splitter = createFrameSplitter(passage.pass);
  return {
    push(bytes) {
      if (!passage.isOpen()) return;
      try {
        splitter.push(bytes);
      } catch (thrown) {
        passage.fail(toGatewayError(thrown), 'failed');
      }
    },
    end() {
      if (passage.isOpen()) passage.end(bytesToString(splitter.end()));
    },
    fail(failure) {
      passage.fail(failure, 'failed');
    },
    progress: passage.progress,
  };
}

/** What an error names. */
interface StreamNames {
  readonly provider: string;
  readonly requestId: string;
}

interface Passage {
  isOpen(): boolean;
  pass(this: void, frames: Uint8Array): void;
  /** Ends the stream. `tail` is a last frame without its end, or empty. */
  end(tail: string): void;
  fail(failure: GatewayError, as: 'failed' | 'truncated'): void;
  progress(this: void): Progress;
}

function createPassage(sink: FrameSink, { provider, requestId }: StreamNames): Passage {
  const tap = createUsageTap(provider);
  let state: Progress['state'] = 'open';
  let error: GatewayError | undefined;
  let visible = false;

  function write(frames: string | Uint8Array): void {
    visible = true;
    sink(frames);
  }

  function fail(failure: GatewayError, as: 'failed' | 'truncated'): void {
    if (state !== 'open') return;
    state = as;
    error = failure;
    const type = streamErrorType(failure, tap.observed().hasBlocks);
    write(errorFrame({ type, message: failure.publicMessage }, requestId));
  }

  return {
    isOpen: () => state === 'open',
    pass(frames) {
      if (state !== 'open') return;
      const text = bytesToString(frames);
      if (!visible && !looksLikeEvents(text)) {
        fail(malformedError(provider), 'failed');
        return;
      }
      const readable = readableLength(frames, text);
      const length = tap.inspect(readable === text.length ? text : text.slice(0, readable));
      const { end } = tap.observed();
      // The state is set first, so that the sink can see that these frames are the last.
      if (end === 'message-stop') state = 'complete';
      else if (end !== undefined) [state, error] = ['failed', end];
      if (length > 0) write(length === frames.length ? frames : frames.subarray(0, length));
      if (readable < text.length) fail(malformedError(provider), 'failed');
    },
    end(tail) {
      const wasFinished = tap.observed().finishedAt !== undefined;
      // A last event without its blank line counts as whole.
      if (looksLikeEvents(tail)) tap.inspect(tail);
      const { end, finishedAt } = tap.observed();
      if (end !== 'message-stop' && finishedAt === undefined) {
        fail(truncatedError(provider), 'truncated');
        return;
      }
      state = 'complete';
      if (end === 'message-stop') write(`${tail}\n\n`);
      else write((wasFinished ? '' : `${tail}\n\n`) + messageStopFrame);
    },
    fail,
    progress() {
      const { usage, finishedAt } = tap.observed();
      const usageSource = usage === noUsage ? 'estimated' : 'reported';
      return { visible, usage, usageSource, state, finishedAt, error };
    },
  };
}

function looksLikeEvents(text: string): boolean {
  return /^(?:\u00ef\u00bb\u00bf)?[\r\n]*(?:event|data|id|retry|):/u.test(text);
}
