import { decodeByteString } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { createDeltaReader } from '../../encoder/deltas/delta-reader.ts';
import { createChunkDecoder } from '../../encoder/event-data.ts';
import type { ChunkDecoderOptions, EventTaker } from '../../encoder/event-data.ts';
import { createEventStream } from '../../encoder/event-stream.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { callInPiecesError, malformedError } from '../../encoder/stream-errors.ts';
import { isFailure, notAnAnswer, saysError } from '../../failure/says-error.ts';
import type { FailureContext } from '../../failure/tell-failure.ts';
import { inBandFailure } from '../../failure/upstream-failure.ts';
import { asCount, asList, asObject, tryReadJson } from '../../json-fields.ts';
import type { StreamTranslator } from '../../translation.ts';
import { isVoid } from '../../unread-content.ts';
import { geminiDelta } from './delta-form.ts';
import { hasCallInPieces, isKnownChunk } from './known-form.ts';
import { asGeminiChunk } from './member-names.ts';
import { readBlocked, readEnd } from './read-end.ts';
import { createPartReader } from './read-part.ts';
import { createSearchReader } from './read-searches.ts';
import { createToldCalls } from './told-calls.ts';
import { createUsageMeter } from './usage.ts';

/**
 * Feeds the encoder from a stream of Gemini's, in any chunking. A whole answer has the form of a chunk, and a list holds
 * several. There is no terminal marker: an answer is whole if it says why it ends.
 */
export function createGeminiStream(
  encoder: Encoder,
  context: FailureContext,
  options: Pick<ChunkDecoderOptions, 'maxEventBytes'> = {},
): StreamTranslator {
  return createEventStream(
    encoder,
    createChunkDecoder(createChunkReader(encoder, context), { ...options, rawKeys: movedKeys }),
  );
}

const movedKeys: ReadonlySet<string> = new Set(['args']);

function createChunkReader(encoder: Encoder, context: FailureContext): EventTaker {
  const meter = createUsageMeter();
  const parts = createPartReader(encoder);
  const told = createToldCalls();
  const searches = createSearchReader(encoder);
  const deltas = createDeltaReader(geminiDelta, (literal, { kind, counts }) => {
    readUsage(counts);
    told.add(kind, literal);
    parts.say(kind, literal);
  });

  function readUsage(metadata: JsonValue | undefined): void {
    meter.add(metadata);
    const usage = meter.usage();
    if (usage !== undefined) encoder.usage(usage);
  }

  function readChunk(chunk: JsonObject): void {
    readUsage(chunk['usageMetadata']);
    const candidates = asList(chunk['candidates']);
    if (saysError(chunk['error']) || (candidates.length === 0 && isFailure(chunk))) {
      encoder.fail(inBandFailure(chunk, context));
      return;
    }
    if (!isKnownChunk(chunk)) {
      encoder.fail(hasCallInPieces(chunk) ? callInPiecesError(context.provider) : malformedError(context.provider));
      return;
    }
    if (candidates.length === 0) readBlocked(chunk['promptFeedback'], encoder);
    for (const candidate of candidates) readCandidate(asObject(candidate) ?? {});
  }

  function readCandidate(candidate: JsonObject): void {
    // Only one was asked for.
    if ((asCount(candidate['index']) ?? 0) !== 0) return;
    const own = asList(asObject(candidate['content'])?.['parts']).map((part) => asObject(part) ?? {});
    for (const part of told.news(own, !isVoid(candidate['finishReason']))) parts.read(part);
    searches.read(candidate['groundingMetadata']);
    readEnd(candidate, parts.hasText(), encoder, context);
  }

  return {
    known: deltas.known,
    chunk(chunk, json) {
      const named = asGeminiChunk(chunk);
      readChunk(named);
      if (named === chunk) deltas.learn(json, chunk);
    },
    document(document) {
      const named = asGeminiChunk(document);
      if (isOfAnswer(named)) readChunk(named);
      else encoder.fail(notAnAnswer(document, context));
    },
    error(data) {
      encoder.fail(inBandFailure(tryReadJson(data) ?? decodeByteString(data), context));
    },
    marker() {
      // Proxies of other protocols add it, with or without a whole answer before it.
      if (encoder.progress().finishedAt !== undefined) encoder.marker();
    },
    hole() {
      encoder.fail(malformedError(context.provider));
    },
  };
}

function isOfAnswer(document: JsonObject): boolean {
  return ['candidates', 'promptFeedback', 'usageMetadata'].some((name) => document[name] !== undefined);
}
