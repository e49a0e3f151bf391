import type { GatewayError } from '@ccg/kernel';
import { decodeByteString } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import type { Finish } from '../../encoder/encoder-state.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { createChunkDecoder } from '../../encoder/event-data.ts';
import type { ChunkDecoderOptions, EventTaker } from '../../encoder/event-data.ts';
import { createEventStream } from '../../encoder/event-stream.ts';
import { gaveUpError, malformedError, truncatedError } from '../../encoder/stream-errors.ts';
import { isFailure, isKeepAlive, notAnAnswer, saysError } from '../../failure/says-error.ts';
import type { FailureContext } from '../../failure/tell-failure.ts';
import { inBandFailure } from '../../failure/upstream-failure.ts';
import { asList, asObject, asText, tryReadJson } from '../../json-fields.ts';
import type { StreamTranslator } from '../../translation.ts';
import { isVoid, mayHoldContent } from '../../unread-content.ts';
import { responsesDelta } from './delta-form.ts';
import { createEventOrder } from './event-order.ts';
import { createOutputItems } from './output-items.ts';
import type { OutputItems } from './output-items.ts';
import { createEventTeller } from './tell-events.ts';
import { createPartTeller } from './tell-parts.ts';
import { readUsage } from './usage.ts';

interface ResponsesStreamOptions extends Pick<ChunkDecoderOptions, 'maxEventBytes'> {
  /** The token limit that was sent. */
  readonly maxTokens: number;
}

const movedKeys: ReadonlySet<string> = new Set(['arguments']);

/** Feeds the encoder from a stream of response events, in any chunking, or from one response. */
export function createResponsesStream(
  encoder: Encoder,
  context: FailureContext,
  { maxTokens, ...options }: ResponsesStreamOptions,
): StreamTranslator {
  const decoder = createChunkDecoder(createEventReader(encoder, context, maxTokens), {
    ...options,
    rawKeys: movedKeys,
  });
  return createEventStream(encoder, decoder);
}

function createEventReader(encoder: Encoder, context: FailureContext, maxTokens: number): EventTaker {
  const { provider } = context;
  const items = createOutputItems();
  const parts = createPartTeller(encoder, provider);
  const order = createEventOrder();
  const teller = createEventTeller({ encoder, provider, items, parts, order, found: [] });

  function readEvent(event: JsonObject, json: string): void {
    const type = asText(event['type']) ?? '';
    if (order.isRepeated(event['sequence_number'], responsesDelta.read(event)?.literal ?? json)) return;
    if (teller.take(type, event, json)) return;
    if (type === 'error' || saysError(event['error'])) encoder.fail(inBandFailure(event, context));
    else if (ends.has(type)) readResponse(asObject(event['response']) ?? {}, ends.get(type));
    else if (type === '') readDocument(event);
    // What the request said may come back with the beginning.
    else if (mayHoldPiece(type, event)) encoder.fail(malformedError(provider));
  }

  /** The end of a stream, or an answer that is none. */
  function readResponse(response: JsonObject, byEvent: Ending | undefined): void {
    const usage = readUsage(response['usage']);
    if (usage !== undefined) encoder.usage(usage);
    const ending = endingOf(response, byEvent);
    if (ending === 'failed') {
      encoder.fail(failureOf(response, context));
      return;
    }
    const { output } = response;
    if (!isVoid(output) && !Array.isArray(output)) encoder.fail(malformedError(provider));
    teller.whole(asList(output));
    parts.settle();
    if (ending.kind === 'stop') judgeItems(items, encoder, provider);
    // What is missing may be a part of the answer, unless all of it was told once more.
    if (order.hasGap() && !isToldAgain(items, output)) encoder.fail(malformedError(provider));
    // Local servers call an answer complete that the limit cut.
    const isCut = ending.kind === 'stop' && maxTokens > 0 && (usage?.outputTokens ?? 0) >= maxTokens;
    encoder.finish(isCut ? { kind: 'length' } : ending);
    encoder.marker();
  }

  function readDocument(document: JsonObject): void {
    if (saysError(document['error'])) encoder.fail(inBandFailure(document, context));
    else if (Array.isArray(document['output']) || asText(document['object']) === 'response') {
      readResponse(document, undefined);
    } else if (mayHoldContent(document)) encoder.fail(malformedError(context.provider));
    else if (isFailure(document)) encoder.fail(inBandFailure(document, context));
  }

  return {
    known: teller.known,
    chunk: readEvent,
    document(document) {
      if (asText(document['type']) !== undefined) readEvent(document, '');
      else if (Array.isArray(document['output'])) readResponse(document, undefined);
      else encoder.fail(notAnAnswer(document, context));
    },
    error(data) {
      encoder.fail(inBandFailure(tryReadJson(data) ?? decodeByteString(data), context));
    },
    marker() {
      // The answer's own last event says that it is whole; this only ends the body.
    },
    hole() {
      encoder.fail(malformedError(context.provider));
    },
  };
}

/** An answer that is called complete is none if a part of it is not. */
function judgeItems(items: OutputItems, encoder: Encoder, provider: string): void {
  for (const { kind, isCut, isDoubted } of items.all()) {
    if (isCut && kind === 'function_call') encoder.fail(truncatedError(provider));
    if (isDoubted) encoder.fail(malformedError(provider));
  }
}

/** Whether all items were told as wholes, too, in an answer that lists them. */
function isToldAgain(items: OutputItems, output: JsonValue | undefined): boolean {
  const told = items.all().filter(({ parts }) => parts.size > 0);
  return !isVoid(output) && told.every(({ isWhole, kind }) => isWhole || kind === 'reasoning');
}

const beginnings: ReadonlySet<string> = new Set(['response.created', 'response.in_progress', 'response.queued']);

function mayHoldPiece(type: string, event: JsonObject): boolean {
  return !beginnings.has(type) && !isKeepAlive(event) && mayHoldContent(event);
}

type Ending = Finish | 'failed';

/** The last events of a stream. Its response may say otherwise: the more exact word counts. */
const ends: ReadonlyMap<string, Ending> = new Map<string, Ending>([
  ['response.completed', { kind: 'stop' }],
  ['response.done', { kind: 'stop' }],
  ['response.incomplete', { kind: 'length' }],
  ['response.failed', 'failed'],
  ['response.cancelled', 'failed'],
]);

function endingOf(response: JsonObject, byEvent: Ending | undefined): Ending {
  if (saysError(response['error'])) return 'failed';
  switch (asText(response['status'])) {
    case 'completed':
      return byEvent ?? { kind: 'stop' };
    case 'incomplete':
      return { kind: isFiltered(response) ? 'refusal' : 'length' };
    case undefined:
      return byEvent ?? { kind: 'stop' };
    // A response that is still at work has no end yet.
    default:
      return 'failed';
  }
}

function isFiltered(response: JsonObject): boolean {
  return asText(asObject(response['incomplete_details'])?.['reason']) === 'content_filter';
}

function failureOf(response: JsonObject, context: FailureContext): GatewayError {
  if (saysError(response['error'])) return inBandFailure({ error: response['error'] ?? null }, context);
  return gaveUpError(context.provider);
}
