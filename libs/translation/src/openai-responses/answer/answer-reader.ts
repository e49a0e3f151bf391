import type { ThinkTags } from '@ccg/catalog';
import { createAnswerReader } from '../../encoder/create-answer-reader.ts';
import type { ReaderInput } from '../../encoder/create-answer-reader.ts';
import type { CallableTools } from '../../encoder/filters/text-calls/callable-tools.ts';
import { withTextCalls } from '../../encoder/filters/text-calls/with-text-calls.ts';
import { withReasoningMarkers } from '../../encoder/filters/think-tags.ts';
import type { AnswerReader, Sealer } from '../../translation.ts';
import { writeReasoningState } from '../reasoning-state.ts';
import { createResponsesStream } from './stream.ts';

export interface ResponsesReaderInput extends ReaderInput {
  readonly sealer: Sealer;
  readonly thinkTags: ThinkTags;
  /** Set where calls that the model writes into its text become calls. */
  readonly textCallTools: CallableTools | undefined;
}

export function createResponsesReader(input: ResponsesReaderInput): AnswerReader {
  const { sealer, thinkTags, textCallTools, sent } = input;
  const { maxTokens } = sent;
  return createAnswerReader(input, {
    sign: ({ details }) => (details.length === 0 ? '' : sealer.seal(writeReasoningState(details))),
    sealCall: () => '',
    filter: (encoder) =>
      withReasoningMarkers(textCallTools === undefined ? encoder : withTextCalls(encoder, textCallTools), thinkTags),
    stream: (encoder, context, options) => createResponsesStream(encoder, context, { ...options, maxTokens }),
  });
}
