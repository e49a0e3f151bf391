import { readUpstreamFailure, watchFailures } from '../failure/upstream-failure.ts';
import type { SentParts } from '../failure/remedy.ts';
import type { FailureContext } from '../failure/tell-failure.ts';
import { outwardToolId } from '../tools/tool-ids.ts';
import type { ToolNames } from '../tools/tool-names.ts';
import type { AnswerReader, FrameSink, IdSource, StreamTranslator, TranslationInput } from '../translation.ts';
import type { BlockWriter } from './block-writer.ts';
import type { EncoderSettings } from './encoder-state.ts';
import { createEncoder } from './encoder.ts';
import type { Encoder } from './encoder.ts';
import { createFrameWriter } from './frame-writer.ts';
import { collectWhole, createAnswerCollector, wholeAnswer } from './message-writer.ts';

/** What the answers of every dialect are read with; nothing in it holds the request's body. */
export interface ReaderInput {
  /** Named in errors. */
  readonly provider: string;
  readonly model: string;
  /** Answers carry this name. */
  readonly requestedModel: string;
  readonly requestId: string;
  readonly estimatedInputTokens: number | undefined;
  readonly windowTokens: number | undefined;
  readonly ids: IdSource;
  readonly toolNames: Pick<ToolNames, 'outward' | 'declares'>;
  /** Whether the request's history has this id of a call. */
  readonly isUsedId: (id: string) => boolean;
  /** What the client wants searched, where the backend searches the web: the content of a JSON string literal. */
  readonly searchQuery?: string | undefined;
  readonly sent: SentParts;
}

/** The part of it that the request's target and client give. */
export function readerInputOf(
  input: TranslationInput,
): Pick<
  ReaderInput,
  'provider' | 'model' | 'requestedModel' | 'requestId' | 'estimatedInputTokens' | 'windowTokens' | 'ids'
> {
  const { target, requestedModel, requestId, estimatedInputTokens, limits, ids } = input;
  const { provider, model } = target;
  const windowTokens = limits.contextTokens;
  return { provider: provider.name, model, requestedModel, requestId, estimatedInputTokens, windowTokens, ids };
}

/** What a dialect adds to the encoder, and how it reads a stream; `Filtered` is the encoder that it feeds. */
export interface DialectReader<Filtered extends Encoder> extends Pick<EncoderSettings, 'sign' | 'sealCall'> {
  /** The client's id for an id of the backend, where its ids are marked. */
  readonly outwardId?: EncoderSettings['tools']['id'];
  /** What to do about a model that the server does not know, where there is more to say than usual. */
  readonly modelRemedy?: string;
  /** The encoder with the dialect's filters. */
  filter(encoder: Encoder): Filtered;
  stream(encoder: Filtered, context: FailureContext, options: { readonly maxEventBytes?: number }): StreamTranslator;
}

/** Reads the answers of a dialect, each with an encoder of its own. */
export function createAnswerReader<Filtered extends Encoder>(
  input: ReaderInput,
  dialect: DialectReader<Filtered>,
): AnswerReader {
  const { provider, model, ids, toolNames, sent, estimatedInputTokens } = input;
  const { sign, sealCall, outwardId = outwardToolId, modelRemedy } = dialect;
  const context: FailureContext = {
    provider,
    model,
    at: { estimatedTokens: estimatedInputTokens, windowTokens: input.windowTokens },
    ...(modelRemedy === undefined ? {} : { modelRemedy }),
  };
  const { watched, retry } = watchFailures(context, sent);
  const settings: EncoderSettings = {
    provider,
    maxTokens: sent.maxTokens,
    ids,
    estimatedInputTokens,
    tools: { id: outwardId, isUsed: input.isUsedId, name: toolNames.outward, isDeclared: toolNames.declares },
    searchQuery: input.searchQuery,
    sign,
    sealCall,
  };
  const head = () => ({ id: ids.messageId(), model: input.requestedModel, requestId: input.requestId });
  const encoderFor = (writer: BlockWriter, sink: FrameSink) => dialect.filter(createEncoder(settings, writer, sink));
  const collect = () =>
    createAnswerCollector(head(), encoderFor, (encoder) => dialect.stream(encoder, watched, wholeAnswer));
  return {
    answer: (body) => collectWhole(collect(), body),
    collect,
    stream: (sink) => dialect.stream(encoderFor(createFrameWriter(head()), sink), watched, {}),
    failure: (upstream, at) => readUpstreamFailure(upstream, { ...context, at }, sent),
    retry,
  };
}
