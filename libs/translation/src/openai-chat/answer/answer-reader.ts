import type { ThinkTags } from '@ccg/catalog';
import type { BlockWriter } from '../../encoder/block-writer.ts';
import type { EncoderSettings } from '../../encoder/encoder-state.ts';
import { createEncoder } from '../../encoder/encoder.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import type { CallableTools } from '../../encoder/filters/text-calls/callable-tools.ts';
import { withTextCalls } from '../../encoder/filters/text-calls/with-text-calls.ts';
import { withThinkTags } from '../../encoder/filters/think-tags.ts';
import { withSnapshots } from '../../encoder/filters/with-snapshots.ts';
import type { SnapshotEncoder } from '../../encoder/filters/with-snapshots.ts';
import { createFrameWriter } from '../../encoder/frame-writer.ts';
import { collectWhole, createAnswerCollector, wholeAnswer } from '../../encoder/message-writer.ts';
import { readUpstreamFailure, watchFailures } from '../../failure/upstream-failure.ts';
import type { SentParts } from '../../failure/remedy.ts';
import { outwardToolId } from '../../tools/tool-ids.ts';
import type { ToolNames } from '../../tools/tool-names.ts';
import type { AnswerReader, FrameSink, IdSource, Sealer } from '../../translation.ts';
import { signReasoning } from './reasoning-details.ts';
import { writeCallState } from '../call-state.ts';
import { createChatStream } from './stream.ts';

/** What an answer is read with; nothing in it holds the request's body. */
export interface ChatReaderInput {
  /** Named in errors. */
  readonly provider: string;
  readonly model: string;
  /** Answers carry this name. */
  readonly requestedModel: string;
  readonly requestId: string;
  readonly estimatedInputTokens: number | undefined;
  readonly windowTokens: number | undefined;
  readonly ids: IdSource;
  readonly sealer: Sealer;
  readonly toolNames: ToolNames;
  /** Whether the request's history has this id of a call. */
  readonly isUsedId: (id: string) => boolean;
  readonly thinkTags: ThinkTags;
  /** Set where calls that the model writes into its text become calls. */
  readonly textCallTools: CallableTools | undefined;
  readonly sent: SentParts;
}

export function createChatReader(input: ChatReaderInput): AnswerReader {
  const { provider, model, ids, toolNames, sealer, sent, estimatedInputTokens: estimatedTokens } = input;
  const failureContext = { provider, model, at: { estimatedTokens, windowTokens: input.windowTokens } };
  const { watched, retry } = watchFailures(failureContext, sent);
  const settings: EncoderSettings = {
    provider,
    maxTokens: input.sent.maxTokens,
    ids,
    estimatedInputTokens: input.estimatedInputTokens,
    tools: { id: outwardToolId, isUsed: input.isUsedId, name: toolNames.outward, isDeclared: toolNames.declares },
    sign: (run) => signReasoning(run, sealer),
    sealCall(id, members) {
      const state = writeCallState(id, members);
      return state === undefined ? '' : sealer.seal(state);
    },
  };
  const head = () => ({ id: ids.messageId(), model: input.requestedModel, requestId: input.requestId });
  const encoderFor = (writer: BlockWriter, sink: FrameSink) =>
    withFilters(createEncoder(settings, writer, sink), input);
  const collect = () =>
    createAnswerCollector(head(), encoderFor, (encoder) => createChatStream(encoder, watched, wholeAnswer));
  return {
    answer: (body) => collectWhole(collect(), body),
    collect,
    stream: (sink) => createChatStream(encoderFor(createFrameWriter(head()), sink), watched),
    failure: (upstream, at) => readUpstreamFailure(upstream, { ...failureContext, at }, sent),
    retry,
  };
}

function withFilters(encoder: Encoder, { provider, thinkTags, textCallTools }: ChatReaderInput): SnapshotEncoder {
  const withCalls = textCallTools === undefined ? encoder : withTextCalls(encoder, textCallTools);
  return withSnapshots(withThinkTags(withCalls, thinkTags), provider);
}
