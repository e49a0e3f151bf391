import { decodeByteString } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import { createDeltaReader } from '../../encoder/deltas/delta-reader.ts';
import { createChunkDecoder } from '../../encoder/event-data.ts';
import type { ChunkDecoderOptions, EventTaker } from '../../encoder/event-data.ts';
import { createEventStream } from '../../encoder/event-stream.ts';
import type { SnapshotEncoder } from '../../encoder/filters/with-snapshots.ts';
import { malformedError } from '../../encoder/stream-errors.ts';
import { asList, asObject, tryReadJson } from '../../json-fields.ts';
import type { StreamTranslator } from '../../translation.ts';
import { chatDelta } from './delta-form.ts';
import { isKnownChunk } from './known-form.ts';
import { errorOf, readChoice, readUsage } from './read-choice.ts';
import { inBandFailure } from '../../failure/upstream-failure.ts';
import { notAnAnswer } from '../../failure/says-error.ts';
import type { FailureContext } from '../../failure/tell-failure.ts';
import { createUsageMeter } from './usage.ts';

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
  const deltas = createDeltaReader(chatDelta, (literal, { kind }) => {
    if (kind === 'content') encoder.text(literal);
    else encoder.thinking(literal, kind);
  });

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

  return {
    known: deltas.known,
    chunk(chunk, json) {
      readChunk(chunk);
      deltas.learn(json, chunk);
    },
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
