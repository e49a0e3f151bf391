import { createAnswerReader } from '../../encoder/create-answer-reader.ts';
import type { ReaderInput } from '../../encoder/create-answer-reader.ts';
import type { CallableTools } from '../../encoder/filters/text-calls/callable-tools.ts';
import { withTextCalls } from '../../encoder/filters/text-calls/with-text-calls.ts';
import { sealCall } from '../../tools/call-state.ts';
import { outwardGeminiId } from '../../tools/tool-ids.ts';
import { withSnapshots } from '../../encoder/filters/with-snapshots.ts';
import type { AnswerReader, Sealer } from '../../translation.ts';
import { signThoughts } from '../thought-state.ts';
import { createGeminiStream } from './stream.ts';

export interface GeminiReaderInput extends ReaderInput {
  readonly sealer: Sealer;
  /** Set where calls that the model writes into its text become calls. */
  readonly textCallTools: CallableTools | undefined;
}

export function createGeminiReader(input: GeminiReaderInput): AnswerReader {
  const { sealer, textCallTools } = input;
  return createAnswerReader(input, {
    sign: (run) => signThoughts(run, sealer),
    sealCall: (id, members) => sealCall(id, members, sealer),
    filter(encoder) {
      const withCalls = textCallTools === undefined ? encoder : withTextCalls(encoder, textCallTools);
      return withSnapshots(withCalls, input.provider);
    },
    outwardId: outwardGeminiId,
    stream: createGeminiStream,
  });
}
