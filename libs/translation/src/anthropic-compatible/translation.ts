import type { AnthropicCapabilities } from '@ccg/catalog';
import type { BlockWriter } from '../encoder/block-writer.ts';
import { createEncoder } from '../encoder/encoder.ts';
import type { EncoderSettings } from '../encoder/encoder-state.ts';
import { createChunkDecoder } from '../encoder/event-data.ts';
import type { ChunkDecoderOptions } from '../encoder/event-data.ts';
import { createEventStream } from '../encoder/event-stream.ts';
import { withSnapshots } from '../encoder/filters/with-snapshots.ts';
import type { SnapshotEncoder } from '../encoder/filters/with-snapshots.ts';
import { createFrameWriter } from '../encoder/frame-writer.ts';
import { collectWhole, createAnswerCollector, wholeAnswer } from '../encoder/message-writer.ts';
import { emptyAnswer } from '../encoder/empty-answer.ts';
import type { SentParts } from '../failure/remedy.ts';
import { readRejections } from '../failure/rejections.ts';
import type { FailureContext } from '../failure/tell-failure.ts';
import { readUpstreamFailure, watchFailures } from '../failure/upstream-failure.ts';
import { readRequest } from '../request/read-request.ts';
import { declaredNames, effectiveTools } from '../tools/effective-tools.ts';
import { createToolNames } from '../tools/tool-names.ts';
import { createToolIds, outwardToolId, usedToolIds } from '../tools/tool-ids.ts';
import type { AnswerReader, FrameSink, IdSource, Translation, TranslationInput } from '../translation.ts';
import { createWarnings } from '../warnings.ts';
import { createEventReader } from './read-events.ts';
import { convertForCompatible } from './request.ts';

/** The longest name that the Anthropic API accepts. */
const toolNameMax = 128;

/** Translates Messages for a server that imitates the Anthropic API in part. Throws `request-invalid`. */
export function createCompatibleTranslation(input: TranslationInput, capabilities: AnthropicCapabilities): Translation {
  const { target, ids, estimatedInputTokens, limits } = input;
  const { name } = target.provider;
  const warnings = createWarnings();
  const request = readRequest(input, warnings);
  const { tools } = effectiveTools(request, warnings);
  const names = createToolNames(declaredNames(tools), toolNameMax);
  const toolIds = createToolIds('any');
  const context = {
    capabilities,
    provider: name,
    ids: toolIds,
    names,
    rejected: readRejections(input.rejections),
    warnings,
  };
  const { body, parts } = convertForCompatible(request, tools, input, context);
  return {
    request: {
      headers: [],
      body,
      warnings: warnings.list(),
    },
    localAnswer: emptyAnswer(input),
    reader: createReader({
      context: {
        provider: name,
        model: target.model,
        at: { estimatedTokens: estimatedInputTokens, windowTokens: limits.contextTokens },
      },
      sent: parts,
      requestedModel: input.requestedModel,
      requestId: input.requestId,
      ids,
      settings: {
        provider: name,
        maxTokens: parts.maxTokens,
        ids,
        estimatedInputTokens,
        tools: {
          id: outwardToolId,
          isUsed: usedToolIds(request['messages'], toolIds.given()),
          name: names.original,
          isDeclared: () => true,
        },
        sign: () => '',
        sealCall: () => '',
      },
    }),
  };
}

interface ReaderInput {
  readonly context: FailureContext;
  readonly sent: SentParts;
  readonly requestedModel: string;
  readonly requestId: string;
  readonly ids: IdSource;
  readonly settings: EncoderSettings;
}

/** A function of its own, so that its closures hold nothing of the request. */
function createReader(input: ReaderInput): AnswerReader {
  const { context, sent, requestedModel, requestId, ids, settings } = input;
  const { watched, retry } = watchFailures(context, sent);
  const head = () => ({ id: ids.messageId(), model: requestedModel, requestId });
  const encoderFor = (writer: BlockWriter, sink: FrameSink) =>
    withSnapshots(createEncoder(settings, writer, sink), context.provider);
  const translatorOf = (encoder: SnapshotEncoder, options?: ChunkDecoderOptions) =>
    createEventStream(encoder, createChunkDecoder(createEventReader(encoder, watched), options));
  const collect = () => createAnswerCollector(head(), encoderFor, (encoder) => translatorOf(encoder, wholeAnswer));
  return {
    answer: (body) => collectWhole(collect(), body),
    collect,
    stream: (sink) => translatorOf(encoderFor(createFrameWriter(head()), sink)),
    failure: (upstream, at) => readUpstreamFailure(upstream, { ...context, at }, sent),
    retry,
  };
}
