import type { GatewayError } from '@ccg/kernel';
import { createSseDecoder, isText, noUsage, readAnthropicUsage, stringToBytes } from '@ccg/wire';
import type { SseEvent, Usage } from '@ccg/wire';
import { asObject, asText, tryReadJson } from '../json-fields.ts';
import { anthropicInBandFailure } from './failure.ts';
import { beginsDocument } from './answer-form.ts';
import { splitFrames } from './readable-frames.ts';

/** What was observed of a stream that is passed through. */
interface ObservedStream {
  readonly usage: Usage;
  /** Whether a content block has begun. */
  readonly hasBlocks: boolean;
  /** Set by the stop reason: how many times a part of the answer came after it. */
  readonly finishedAt: number | undefined;
  /** A JSON document that came in the place of a frame. Nothing after it was inspected. */
  readonly document: string | undefined;
  /** How the stream has ended, if it has. */
  readonly end: 'message-stop' | GatewayError | undefined;
}

export interface UsageTap {
  /** Inspects frames, a byte string, and returns how many of their bytes belong to the stream: none after its end. */
  inspect(frames: string): number;
  observed(): ObservedStream;
}

/** Observes an Anthropic stream without changing it. */
export function createUsageTap(provider: string): UsageTap {
  let observed: ObservedStream = {
    usage: noUsage,
    hasBlocks: false,
    finishedAt: undefined,
    document: undefined,
    end: undefined,
  };

  function lookAtFrame(frame: string): void {
    const decoder = createSseDecoder((event) => {
      observed = observe(observed, event, provider);
    });
    decoder.push(stringToBytes(frame));
    decoder.end();
  }

  /** Most frames are deltas of a block, which hold nothing of interest. */
  function tellsNothing(frames: string): boolean {
    return observed.hasBlocks && !frames.includes('"message_') && !frames.includes('"error"');
  }

  return {
    inspect(frames) {
      if (observed.finishedAt !== undefined && frames.includes('"content_block_')) {
        observed = { ...observed, finishedAt: observed.finishedAt + 1 };
      }
      if (tellsNothing(frames)) return frames.length;
      let taken = 0;
      for (const frame of splitFrames(frames)) {
        if (beginsDocument(frame)) observed = { ...observed, document: frame };
        if (observed.end !== undefined || observed.document !== undefined) break;
        if (!tellsNothing(frame)) lookAtFrame(frame);
        taken += frame.length;
      }
      return taken;
    },
    observed: () => observed,
  };
}

function observe(observed: ObservedStream, { name, data }: SseEvent, provider: string): ObservedStream {
  const event = name === 'content_block_delta' ? undefined : asObject(tryReadJson(data));
  switch (asText(event?.['type'])) {
    case 'message_start':
      return { ...observed, usage: readAnthropicUsage(asObject(event?.['message'])?.['usage'], observed.usage) };
    case 'message_delta':
      return {
        ...observed,
        usage: readAnthropicUsage(event?.['usage'], observed.usage),
        finishedAt: observed.finishedAt ?? (isText(asObject(event?.['delta'])?.['stop_reason']) ? 0 : undefined),
      };
    case 'content_block_start':
      return { ...observed, hasBlocks: true };
    case 'message_stop':
      return { ...observed, end: 'message-stop' };
    case 'error':
      return { ...observed, end: anthropicInBandFailure(event ?? null, provider) };
    case undefined:
    default:
      return observed;
  }
}
