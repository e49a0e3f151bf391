import type { GatewayError } from '@ccg/kernel';
import { createSseDecoder, isText, noUsage, readAnthropicUsage, stringToBytes } from '@ccg/wire';
import type { SseEvent, Usage } from '@ccg/wire';
import { asObject, asText, tryReadJson } from '../json-fields.ts';
import { saysError } from '../failure/says-error.ts';
import type { FailureContext } from '../failure/tell-failure.ts';
import { inBandFailure } from '../failure/upstream-failure.ts';
import { anthropicInBandFailure } from './failure.ts';
import { beginsDocument } from './answer-form.ts';
import { splitFrames } from './readable-frames.ts';

/** What was observed of a stream that is passed through. */
interface ObservedStream {
  readonly usage: Usage;
  /** Whether `usage` has all of the output: servers tell it last. */
  readonly hasOutput: boolean;
  /** Whether a content block has begun. */
  readonly hasBlocks: boolean;
  /** Set by the stop reason: how many times a part of the answer came after it. */
  readonly finishedAt: number | undefined;
  /** A JSON document that came in the place of a frame. Nothing after it was inspected. */
  readonly document: string | undefined;
  /** A failure in a form that the client cannot read. Its frame, and what is after it, belong to no stream. */
  readonly foreign: GatewayError | undefined;
  /** How the stream has ended, if it has. */
  readonly end: 'message-stop' | GatewayError | undefined;
}

export interface UsageTap {
  /** About how many tokens of output have passed. */
  passedTokens(): number;
  /** Inspects frames, a byte string, and returns how many of their bytes belong to the stream: none after its end. */
  inspect(frames: string): number;
  observed(): ObservedStream;
}

/** A pattern finds both in a sixth of the time of two searches, for V8 looks at every quote. */
const tellingNames = /"(?:message_|error")/;

/** Observes an Anthropic stream without changing it. */
export function createUsageTap(context: FailureContext): UsageTap {
  let observed: ObservedStream = {
    usage: noUsage,
    hasOutput: false,
    hasBlocks: false,
    finishedAt: undefined,
    document: undefined,
    foreign: undefined,
    end: undefined,
  };

  const output = createOutputCount();

  function lookAtFrame(frame: string): void {
    const decoder = createSseDecoder((event) => {
      observed = observe(observed, event, context);
    });
    decoder.push(stringToBytes(frame));
    decoder.end();
  }

  /** Most frames are deltas of a block, which hold nothing of interest. */
  function tellsNothing(frames: string): boolean {
    return observed.hasBlocks && !tellingNames.test(frames);
  }

  return {
    inspect(frames) {
      if (observed.finishedAt !== undefined && frames.includes('"content_block_')) {
        observed = { ...observed, finishedAt: observed.finishedAt + 1 };
      }
      if (tellsNothing(frames)) {
        output.add(frames);
        return frames.length;
      }
      let taken = 0;
      for (const frame of splitFrames(frames)) {
        if (beginsDocument(frame)) observed = { ...observed, document: frame };
        if (observed.end !== undefined || observed.document !== undefined) break;
        if (tellsNothing(frame)) output.add(frame);
        else lookAtFrame(frame);
        if (observed.foreign !== undefined) break;
        taken += frame.length;
      }
      return taken;
    },
    observed: () => observed,
    passedTokens: output.tokens,
  };
}

interface OutputCount {
  add(this: void, frames: string): void;
  tokens(this: void): number;
}

/**
 * The end of `"delta":`, which is once in a delta and nowhere else in it: within texts quotes are escaped. Quotes and the
 * first letters are so frequent that a search for all of it takes twice as long.
 */
const deltaMark = 'lta":';
/** What of a delta's line is no output, in bytes. */
const deltaLineBytes = 'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}}'.length;
const bytesPerToken = 4;
const lineEnd = /[\r\n]/g;

/**
 * Counts what an answer that is broken off has had. No frame is decoded for it: nearly all of them are deltas. Only the
 * lines of deltas count, because what else comes with them depends on the chunks.
 */
function createOutputCount(): OutputCount {
  let deltas = 0;
  let bytes = 0;
  return {
    add(frames) {
      for (let at = frames.indexOf(deltaMark); at !== -1;) {
        const end = endOfLine(frames, at);
        deltas += 1;
        bytes += end - startOfLine(frames, at);
        at = frames.indexOf(deltaMark, end);
      }
    },
    tokens: () => Math.max(deltas, Math.ceil((bytes - deltas * deltaLineBytes) / bytesPerToken)),
  };
}

function endOfLine(frames: string, at: number): number {
  lineEnd.lastIndex = at;
  return lineEnd.test(frames) ? lineEnd.lastIndex - 1 : frames.length;
}

/** Read backwards, for the mark is near the start of its line. */
function startOfLine(frames: string, at: number): number {
  let start = at;
  while (start > 0 && frames[start - 1] !== '\n' && frames[start - 1] !== '\r') start -= 1;
  return start;
}

function observe(observed: ObservedStream, { name, data }: SseEvent, context: FailureContext): ObservedStream {
  const event = name === 'content_block_delta' ? undefined : asObject(tryReadJson(data));
  switch (asText(event?.['type'])) {
    case 'message_start':
      return { ...observed, usage: readAnthropicUsage(asObject(event?.['message'])?.['usage'], observed.usage) };
    case 'message_delta':
      return {
        ...observed,
        usage: readAnthropicUsage(event?.['usage'], observed.usage),
        hasOutput: true,
        finishedAt: observed.finishedAt ?? (isText(asObject(event?.['delta'])?.['stop_reason']) ? 0 : undefined),
      };
    case 'content_block_start':
      return { ...observed, hasBlocks: true };
    case 'message_stop':
      return { ...observed, end: 'message-stop' };
    case 'error':
      return { ...observed, end: anthropicInBandFailure(event ?? null, context.provider) };
    case undefined:
      // A router in front of Anthropic tells failures of its own in the form of OpenAI's.
      return saysError(event?.['error']) ? { ...observed, foreign: inBandFailure(event ?? null, context) } : observed;
    default:
      return observed;
  }
}
