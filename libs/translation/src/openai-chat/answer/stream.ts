import { createSseDecoder } from '@ccg/wire';
import type { JsonObject, SseEvent } from '@ccg/wire';
import type { Encoder } from '../../encoder/encoder.ts';
import { createEventStream } from '../../encoder/event-stream.ts';
import { malformedError } from '../../encoder/stream-errors.ts';
import { asList, asObject, tryReadJson } from '../../json-fields.ts';
import type { StreamTranslator } from '../../translation.ts';
import { learnTemplate, matchTemplate } from './chunk-template.ts';
import type { ChunkTemplate } from './chunk-template.ts';
import { errorOf, readChoice, readUsage } from './read-choice.ts';
import { inBandFailure } from '../../failure/upstream-failure.ts';
import type { FailureContext } from '../../failure/upstream-failure.ts';
import { createUsageMeter } from './usage.ts';

/** Consecutive events that are not JSON. A single one may be a server's keep-alive. */
const unreadableMax = 3;
/** After so many consecutive chunks without a match this stream uses no more templates. */
const templateMissesMax = 16;

/** Feeds the encoder from a chat completions stream, in any chunking. */
export function createChatStream(encoder: Encoder, context: FailureContext): StreamTranslator {
  const reader = createChunkReader(encoder, context);
  return createEventStream(
    encoder,
    createSseDecoder((event) => {
      reader.take(event);
    }),
  );
}

interface ChunkReader {
  take(event: SseEvent): void;
}

function createChunkReader(encoder: Encoder, context: FailureContext): ChunkReader {
  const meter = createUsageMeter();
  let template: ChunkTemplate | undefined;
  let misses = 0;
  let unreadable = 0;

  function takeKnown(data: string): boolean {
    const literal = template === undefined ? undefined : matchTemplate(template, data);
    if (template === undefined || literal === undefined) return false;
    misses = 0;
    if (template.field === 'content') encoder.text(literal);
    else encoder.thinking(literal, template.field);
    return true;
  }

  function takeChunk(data: string, chunk: JsonObject): void {
    readUsage(chunk, meter);
    const usage = meter.usage();
    if (usage !== undefined) encoder.usage(usage);
    const failure = errorOf(chunk);
    if (failure !== undefined) {
      encoder.fail(inBandFailure(failure, context));
      return;
    }
    for (const choice of asList(chunk['choices'])) readChoice(asObject(choice), encoder, context);
    if (misses >= templateMissesMax) return;
    misses += 1;
    template = learnTemplate(data, chunk) ?? template;
  }

  return {
    take({ name, data }) {
      if (name === 'error') {
        encoder.fail(inBandFailure(tryReadJson(data) ?? null, context));
        return;
      }
      if (takeKnown(data)) return;
      if (data.trim() === '[DONE]') {
        encoder.marker();
        return;
      }
      const chunk = asObject(tryReadJson(data));
      unreadable = chunk === undefined ? unreadable + 1 : 0;
      if (chunk !== undefined) takeChunk(data, chunk);
      else if (unreadable >= unreadableMax) encoder.fail(malformedError(context.provider));
    },
  };
}
