import type { ThinkTags } from '@ccg/catalog';
import { createAnswerReader } from '../../encoder/create-answer-reader.ts';
import type { ReaderInput } from '../../encoder/create-answer-reader.ts';
import type { CallableTools } from '../../encoder/filters/text-calls/callable-tools.ts';
import { withTextCalls } from '../../encoder/filters/text-calls/with-text-calls.ts';
import { withReasoningMarkers } from '../../encoder/filters/think-tags.ts';
import { withSnapshots } from '../../encoder/filters/with-snapshots.ts';
import type { AnswerReader, Sealer } from '../../translation.ts';
import { sealCall } from '../../tools/call-state.ts';
import { signReasoning } from './reasoning-details.ts';
import { createChatStream } from './stream.ts';

export interface ChatReaderInput extends ReaderInput {
  readonly sealer: Sealer;
  readonly thinkTags: ThinkTags;
  /** Set where calls that the model writes into its text become calls. */
  readonly textCallTools: CallableTools | undefined;
}

export function createChatReader(input: ChatReaderInput): AnswerReader {
  const { provider, sealer, thinkTags, textCallTools } = input;
  return createAnswerReader(input, {
    sign: (run) => signReasoning(run, sealer),
    sealCall: (id, members) => sealCall(id, members, sealer),
    filter(encoder) {
      const withCalls = textCallTools === undefined ? encoder : withTextCalls(encoder, textCallTools);
      return withSnapshots(withReasoningMarkers(withCalls, thinkTags), provider);
    },
    stream: createChatStream,
  });
}
