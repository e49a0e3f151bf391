import type { GatewayError } from '@ccg/kernel';
import { bytesToString, errorFrame, noUsage, streamErrorType, stringToBytes } from '@ccg/wire';
import { messageStopFrame } from '../encoder/frame-writer.ts';
import { malformedError, truncatedError } from '../encoder/stream-errors.ts';
import type { FailureContext } from '../failure/tell-failure.ts';
import type { Answer, FrameSink, Progress } from '../translation.ts';
import { beginsDocument } from './answer-form.ts';
import { readAnswer } from './answer.ts';
import { messageEvents } from './message-events.ts';
import { readableLength } from './readable-frames.ts';
import { createUsageTap } from './tap-usage.ts';
import type { UsageTap } from './tap-usage.ts';

/** What an error names. */
export interface StreamNames extends FailureContext {
  readonly requestId: string;
}

/** Where the frames of a stream pass, and where it ends. */
export interface Passage {
  isOpen(): boolean;
  pass(this: void, frames: Uint8Array): void;
  /** Takes a JSON document in the place of events: a whole message, or why there is none. */
  document(body: Uint8Array): void;
  /** Ends the stream. `tail` is a last frame without its end, or empty. */
  end(tail: string): void;
  fail(failure: GatewayError, as: 'failed' | 'truncated'): void;
  progress(this: void): Progress;
}

export function createPassage(sink: FrameSink, named: StreamNames): Passage {
  const tap = createUsageTap(named);
  const outlet = createOutlet(sink, named, tap);
  let whole: Extract<Answer, { kind: 'message' }> | undefined;

  function takeDocument(body: Uint8Array): void {
    const answer = readAnswer(body, named);
    if (answer.kind === 'failure') outlet.fail(answer.error, 'failed');
    else if (!outlet.isVisible()) {
      whole = answer;
      outlet.writeLast(messageEvents(body), undefined);
    }
  }

  return {
    isOpen: outlet.isOpen,
    pass(frames) {
      if (!outlet.isOpen()) return;
      passFrames(frames, outlet, tap, named);
      const { document } = tap.observed();
      if (document === undefined) return;
      takeDocument(stringToBytes(document));
      // A message after events is none of theirs.
      outlet.fail(malformedError(named.provider), 'failed');
    },
    document: takeDocument,
    end(tail) {
      if (beginsDocument(tail)) takeDocument(stringToBytes(tail));
      if (outlet.isOpen()) endFrames(tail, outlet, tap, named);
    },
    fail: outlet.fail,
    progress() {
      const { usage, usageSource } = whole ?? usageSoFar(tap);
      return {
        visible: outlet.isVisible(),
        usage,
        usageSource,
        finishedAt: tap.observed().finishedAt,
        ...outlet.ended(),
      };
    },
  };
}

/** What the server told, and until it has told the output, an estimate of that. */
function usageSoFar(tap: UsageTap): Pick<Progress, 'usage' | 'usageSource'> {
  const { usage, hasOutput } = tap.observed();
  if (hasOutput) return { usage, usageSource: usage === noUsage ? 'estimated' : 'reported' };
  const outputTokens = Math.max(usage.outputTokens, tap.passedTokens());
  const isTold = usage !== noUsage && outputTokens === usage.outputTokens;
  return { usage: { ...usage, outputTokens }, usageSource: isTold ? 'reported' : 'estimated' };
}

function passFrames(frames: Uint8Array, outlet: Outlet, tap: UsageTap, { provider }: StreamNames): void {
  const text = bytesToString(frames);
  if (!outlet.isVisible() && !looksLikeEvents(text) && !beginsDocument(text)) {
    outlet.fail(malformedError(provider), 'failed');
    return;
  }
  const readable = readableLength(frames, text);
  const length = tap.inspect(readable === text.length ? text : text.slice(0, readable));
  const passed = length === frames.length ? frames : frames.subarray(0, length);
  const { end, foreign } = tap.observed();
  if (end !== undefined) outlet.writeLast(passed, end === 'message-stop' ? undefined : end);
  else if (!outlet.isVisible() && isOnlyComments(text.slice(0, length))) outlet.holdBack(passed);
  else if (length > 0) outlet.write(passed);
  if (foreign !== undefined) outlet.fail(foreign, 'failed');
  else if (readable < text.length) outlet.fail(malformedError(provider), 'failed');
}

/** A last event without its blank line counts as whole. */
function endFrames(tail: string, outlet: Outlet, tap: UsageTap, { provider }: StreamNames): void {
  const wasFinished = tap.observed().finishedAt !== undefined;
  if (looksLikeEvents(tail)) tap.inspect(tail);
  const { end, finishedAt, foreign } = tap.observed();
  if (foreign !== undefined) outlet.fail(foreign, 'failed');
  else if (end === 'message-stop') outlet.writeLast(`${tail}\n\n`, undefined);
  else if (finishedAt !== undefined) {
    outlet.writeLast((wasFinished ? '' : `${tail}\n\n`) + messageStopFrame, undefined);
  } else if (!outlet.isVisible() && isNoEvent(tail)) outlet.fail(malformedError(provider), 'failed');
  else outlet.fail(truncatedError(provider), 'truncated');
}

/** Writes frames as long as the stream is open. */
interface Outlet {
  isOpen(this: void): boolean;
  isVisible(): boolean;
  write(frames: string | Uint8Array): void;
  /** Frames that are written only together with others: after comments alone, a failure can still get its status. */
  holdBack(frames: Uint8Array): void;
  /** Writes the frames with which the stream ends, in failure if there is an error. */
  writeLast(frames: string | Uint8Array, failure: GatewayError | undefined): void;
  fail(this: void, failure: GatewayError, as: 'failed' | 'truncated'): void;
  ended(): Pick<Progress, 'state' | 'error'>;
}

function createOutlet(sink: FrameSink, { requestId }: StreamNames, tap: UsageTap): Outlet {
  let ended: Pick<Progress, 'state' | 'error'> = { state: 'open', error: undefined };
  let visible = false;
  let heldBack: Uint8Array[] = [];

  function write(frames: string | Uint8Array): void {
    for (const held of heldBack) sink(held);
    heldBack = [];
    visible = true;
    sink(frames);
  }

  return {
    isOpen: () => ended.state === 'open',
    isVisible: () => visible,
    write,
    holdBack(frames) {
      if (frames.length > 0) heldBack.push(frames);
    },
    writeLast(frames, error) {
      // The state is set first, so that the sink can see that these frames are the last.
      ended = { state: error === undefined ? 'complete' : 'failed', error };
      write(frames);
    },
    fail(error, state) {
      if (ended.state !== 'open') return;
      ended = { state, error };
      const type = streamErrorType(error, tap.observed().hasBlocks);
      write(errorFrame({ type, message: error.publicMessage }, requestId));
    },
    ended: () => ended,
  };
}

function looksLikeEvents(text: string): boolean {
  return /^(?:\u00ef\u00bb\u00bf)?[\r\n]*(?:event|data|id|retry|):/u.test(text);
}

/** Whether text is neither an event nor the beginning of one. */
function isNoEvent(text: string): boolean {
  return (
    text.trim() !== '' &&
    !looksLikeEvents(text) &&
    !['event:', 'data:', 'id:', 'retry:'].some((name) => name.startsWith(text))
  );
}

function isOnlyComments(text: string): boolean {
  return /^(?:(?::[^\r\n]*)?(?:\r\n|\r|\n))*$/u.test(text);
}
