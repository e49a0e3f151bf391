import type { BlockWriter } from '../../encoder/block-writer.ts';
import type { EncoderSettings } from '../../encoder/encoder-state.ts';
import { createEncoder } from '../../encoder/encoder.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import type { CallableTools } from '../../encoder/filters/text-calls/callable-tools.ts';
import { withTextCalls } from '../../encoder/filters/text-calls/with-text-calls.ts';
import { withThinkTags } from '../../encoder/filters/think-tags.ts';
import { createFrameWriter } from '../../encoder/frame-writer.ts';
import { collectWhole, createAnswerCollector, wholeAnswer } from '../../encoder/message-writer.ts';
import { readUpstreamFailure, watchFailures } from '../../failure/upstream-failure.ts';
import type { SentParts } from '../../failure/remedy.ts';
import type { FailureContext } from '../../failure/tell-failure.ts';
import { outwardToolId } from '../../tools/tool-ids.ts';
import type { ToolNames } from '../../tools/tool-names.ts';
import type { AnswerReader, FrameSink, IdSource } from '../../translation.ts';
import { createOllamaStream } from './stream.ts';

/** What an answer is read with; nothing in it holds the request's body. */
export interface OllamaReaderInput {
  /** Named in errors. */
  readonly provider: string;
  readonly model: string;
  /** Answers carry this name. */
  readonly requestedModel: string;
  readonly requestId: string;
  readonly estimatedInputTokens: number | undefined;
  readonly windowTokens: number | undefined;
  readonly ids: IdSource;
  readonly toolNames: ToolNames;
  /** Whether the request's history has this id of a call. */
  readonly isUsedId: (id: string) => boolean;
  /** Set where calls that the model writes into its text become calls. */
  readonly textCallTools: CallableTools | undefined;
  readonly sent: SentParts;
}

/** Reads the answers of Ollama. Its reasoning needs no signature: what goes back of it is its text. */
export function createOllamaReader(input: OllamaReaderInput): AnswerReader {
  const { provider, model, ids, toolNames, sent, estimatedInputTokens, textCallTools } = input;
  const context: FailureContext = {
    provider,
    model,
    at: { estimatedTokens: estimatedInputTokens, windowTokens: input.windowTokens },
    modelRemedy: `Run "ollama pull ${model}" where Ollama runs, or choose another model.`,
  };
  const { watched, retry } = watchFailures(context, sent);
  const settings: EncoderSettings = {
    provider,
    maxTokens: sent.maxTokens,
    ids,
    estimatedInputTokens,
    tools: { id: outwardToolId, isUsed: input.isUsedId, name: toolNames.outward, isDeclared: toolNames.declares },
    sign: () => '',
    sealCall: () => '',
  };
  const head = () => ({ id: ids.messageId(), model: input.requestedModel, requestId: input.requestId });
  const encoderFor = (writer: BlockWriter, sink: FrameSink) =>
    withFilters(createEncoder(settings, writer, sink), textCallTools);
  const collect = () =>
    createAnswerCollector(head(), encoderFor, (encoder) =>
      createOllamaStream(encoder, watched, { maxLineBytes: wholeAnswer.maxEventBytes }),
    );
  return {
    answer: (body) => collectWhole(collect(), body),
    collect,
    stream: (sink) => createOllamaStream(encoderFor(createFrameWriter(head()), sink), watched),
    failure: (upstream, at) => readUpstreamFailure(upstream, { ...context, at }, sent),
    retry,
  };
}

/** Models whose reasoning Ollama does not know to take out of the text write it between tags. */
function withFilters(encoder: Encoder, textCallTools: CallableTools | undefined): Encoder {
  return withThinkTags(textCallTools === undefined ? encoder : withTextCalls(encoder, textCallTools), 'tagged');
}
