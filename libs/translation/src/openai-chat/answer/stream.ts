import { decodeByteString } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import { createChunkDecoder } from '../../encoder/event-data.ts';
import type { ChunkDecoderOptions, EventTaker } from '../../encoder/event-data.ts';
import { createEventStream } from '../../encoder/event-stream.ts';
import type { SnapshotEncoder } from '../../encoder/filters/with-snapshots.ts';
import { malformedError } from '../../encoder/stream-errors.ts';
import { asList, asObject, tryReadJson } from '../../json-fields.ts';
import type { StreamTranslator } from '../../translation.ts';
import { learnTemplate, matchTemplate } from './chunk-template.ts';
import type { ChunkTemplate } from './chunk-template.ts';
import { isKnownChunk } from './known-form.ts';
import { errorOf, readChoice, readUsage } from './read-choice.ts';
import { inBandFailure } from '../../failure/upstream-failure.ts';
import { notAnAnswer } from '../../failure/says-error.ts';
import type { FailureContext } from '../../failure/tell-failure.ts';
import { createUsageMeter } from './usage.ts';

/** After so many consecutive chunks without a match this stream uses no more templates. */
const templateMissesMax = 16;

/** Feeds the encoder from a chat completions stream, in any chunking. */
export function createChatStream(
  encoder: SnapshotEncoder,
  context: FailureContext,
  options: Pick<ChunkDecoderOptions, 'maxEventBytes'> = {},
): StreamTranslator {
  const decoder = createChunkDecoder(createChunkReader(encoder, context), { ...options, rawKeys: movedKeys });
  return createEventStream(encoder, decoder);
}

const movedKeys: ReadonlySet<string> = new Set(['arguments']);

function createChunkReader(encoder: SnapshotEncoder, context: FailureContext): EventTaker {
  const meter = createUsageMeter();
  let template: ChunkTemplate | undefined;
  let misses = 0;

  function known(data: string): boolean {
    const literal = template === undefined ? undefined : matchTemplate(template, data);
    if (template === undefined || literal === undefined) return false;
    misses = 0;
    if (template.field === 'content') encoder.text(literal);
    else encoder.thinking(literal, template.field);
    return true;
  }

  function readChunk(chunk: JsonObject): void {
    readUsage(chunk, meter);
    const usage = meter.usage();
    if (usage !== undefined) encoder.usage(usage);
    const failure = errorOf(chunk);
    if (failure !== undefined) {
      encoder.fail(inBandFailure(failure, context));
      return;
    }
    if (!isKnownChunk(chunk)) encoder.fail(malformedError(context.provider));
    for (const choice of asList(chunk['choices'])) readChoice(asObject(choice), encoder, context);
  }

  function takeChunk(chunk: JsonObject, json: string): void {
    readChunk(chunk);
    if (misses >= templateMissesMax) return;
    misses += 1;
    template = learnTemplate(json, chunk) ?? template;
  }

  return {
    known,
    chunk: takeChunk,
    document(document) {
      readChunk(document);
      // A completion is whole, with or without a finish reason.
      if (isCompletion(document)) encoder.marker();
      else if (document['choices'] === undefined) encoder.fail(notAnAnswer(document, context));
    },
    error(data) {
      encoder.fail(inBandFailure(tryReadJson(data) ?? decodeByteString(data), context));
    },
    marker() {
      encoder.marker();
    },
    hole() {
      encoder.fail(malformedError(context.provider));
    },
  };
}

/** Whether a document is a whole answer instead of a chunk of one. */
function isCompletion(document: JsonObject): boolean {
  return asList(document['choices']).some((choice) => asObject(asObject(choice)?.['message']) !== undefined);
}
