import type { Encoder } from '../../encoder/encoder.ts';
import { createCallSplitter } from './call-splitter.ts';
import type { CallableTools } from './text-call.ts';

/**
 * Makes calls of the client's tools out of what a model wrote into its text because its server did not see that they
 * are calls. Text is held back from what may open a call to what closes it; what turns out to be anything else is
 * released as it came.
 */
export function withTextCalls(encoder: Encoder, tools: CallableTools): Encoder {
  const splitter = createCallSplitter(encoder, tools);
  return {
    ...encoder,
    text: splitter.text,
    thinking(literal, origin) {
      if (literal !== '') splitter.release();
      encoder.thinking(literal, origin);
    },
    toolCall(fragment) {
      splitter.settle();
      encoder.toolCall(fragment);
    },
    finish(finish) {
      splitter.settle();
      encoder.finish(finish);
    },
    marker() {
      splitter.settle();
      encoder.marker();
    },
    end() {
      // The end of the body alone does not say that the model was done.
      splitter.release();
      encoder.end();
    },
  };
}
