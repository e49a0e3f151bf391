import { createAnswerReader } from '../../encoder/create-answer-reader.ts';
import type { ReaderInput } from '../../encoder/create-answer-reader.ts';
import type { CallableTools } from '../../encoder/filters/text-calls/callable-tools.ts';
import { withTextCalls } from '../../encoder/filters/text-calls/with-text-calls.ts';
import { withSnapshots } from '../../encoder/filters/with-snapshots.ts';
import { withReasoningMarkers } from '../../encoder/filters/think-tags.ts';
import type { AnswerReader } from '../../translation.ts';
import { createOllamaStream } from './stream.ts';

export interface OllamaReaderInput extends ReaderInput {
  /** Set where calls that the model writes into its text become calls. */
  readonly textCallTools: CallableTools | undefined;
}

/** Reads the answers of Ollama. Its reasoning needs no signature: what goes back of it is its text. */
export function createOllamaReader(input: OllamaReaderInput): AnswerReader {
  const { model, textCallTools } = input;
  return createAnswerReader(input, {
    modelRemedy: `Run "ollama pull ${model}" where Ollama runs, or choose another model.`,
    sign: () => '',
    sealCall: () => '',
    // Models whose reasoning Ollama does not know to take out of the text write it between tags.
    filter: (encoder) => {
      const withCalls = textCallTools === undefined ? encoder : withTextCalls(encoder, textCallTools);
      return withSnapshots(withReasoningMarkers(withCalls, 'tagged'), input.provider);
    },
    stream: (encoder, context, { maxEventBytes }) =>
      createOllamaStream(encoder, context, maxEventBytes === undefined ? {} : { maxLineBytes: maxEventBytes }),
  });
}
