import type { ThinkTags } from '@ccg/catalog';
import { bytesToString } from '@ccg/wire';
import type { BlockWriter, MessageHead } from '../../encoder/block-writer.ts';
import type { EncoderSettings } from '../../encoder/encoder-state.ts';
import { createEncoder } from '../../encoder/encoder.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import type { CallableTools } from '../../encoder/filters/text-calls/callable-tools.ts';
import { withTextCalls } from '../../encoder/filters/text-calls/with-text-calls.ts';
import { withThinkTags } from '../../encoder/filters/think-tags.ts';
import { withSnapshots } from '../../encoder/filters/with-snapshots.ts';
import type { SnapshotEncoder } from '../../encoder/filters/with-snapshots.ts';
import { createFrameWriter } from '../../encoder/frame-writer.ts';
import { translateDocument } from '../../encoder/message-writer.ts';
import { malformedError } from '../../encoder/stream-errors.ts';
import { readUpstreamFailure, inBandFailure } from '../../failure/upstream-failure.ts';
import type { FailureContext } from '../../failure/tell-failure.ts';
import type { SentParts } from '../../failure/remedy.ts';
import { asList, asObject, tryReadJson } from '../../json-fields.ts';
import { outwardToolId } from '../../tools/tool-ids.ts';
import type { ToolNames } from '../../tools/tool-names.ts';
import type { AnswerReader, FrameSink, IdSource, Sealer, Answer } from '../../translation.ts';
import { errorOf, readChoice, readUsage } from './read-choice.ts';
import { signReasoning } from './reasoning-details.ts';
import { writeCallState } from '../call-state.ts';
import { createChatStream } from './stream.ts';
import { createUsageMeter } from './usage.ts';

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
  return {
    answer: (body) => translateResponse(body, head(), encoderFor, failureContext),
    stream: (sink) => createChatStream(encoderFor(createFrameWriter(head()), sink), failureContext),
    failure: (upstream, at) => readUpstreamFailure(upstream, { ...failureContext, at }, sent),
  };
}

function withFilters(encoder: Encoder, { provider, thinkTags, textCallTools }: ChatReaderInput): SnapshotEncoder {
  const withCalls = textCallTools === undefined ? encoder : withTextCalls(encoder, textCallTools);
  return withSnapshots(withThinkTags(withCalls, thinkTags), provider);
}

const movedKeys: ReadonlySet<string> = new Set(['arguments']);

/** Translates a whole chat completion. It is one big chunk, so the rules of a stream apply. */
function translateResponse(
  body: Uint8Array,
  head: MessageHead,
  encoderFor: (writer: BlockWriter, sink: FrameSink) => SnapshotEncoder,
  context: FailureContext,
): Answer {
  const completion = asObject(tryReadJson(bytesToString(body), { rawKeys: movedKeys }));
  if (completion === undefined) return { kind: 'failure', error: malformedError(context.provider) };
  const failure = errorOf(completion);
  if (failure !== undefined) return { kind: 'failure', error: inBandFailure(failure, context) };
  return translateDocument(head, encoderFor, (encoder) => {
    const meter = createUsageMeter();
    readUsage(completion, meter);
    const reported = meter.usage();
    if (reported !== undefined) encoder.usage(reported);
    for (const choice of asList(completion['choices'])) readChoice(asObject(choice), encoder, context);
    // The document is whole, with or without a finish reason.
    encoder.marker();
  });
}
