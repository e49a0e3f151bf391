import { toGatewayError } from '@ccg/kernel';
import { createSseDecoder } from '@ccg/wire';
import type { SseEvent } from '@ccg/wire';
import type { StreamTranslator } from '../translation.ts';
import type { Encoder } from './encoder.ts';

/** Hands each event of an upstream's event stream to `take`, which tells the encoder what it says. */
export function createEventStream(encoder: Encoder, take: (event: SseEvent) => void): StreamTranslator {
  const decoder = createSseDecoder(take);
  const guarded = (step: () => void) => {
    try {
      step();
    } catch (thrown) {
      encoder.fail(toGatewayError(thrown));
    }
    encoder.flush();
  };
  return {
    push(bytes) {
      if (encoder.progress().state !== 'open') return;
      guarded(() => {
        decoder.push(bytes);
      });
    },
    end() {
      guarded(() => {
        decoder.end();
        encoder.end();
      });
    },
    fail(failure) {
      encoder.fail(failure);
      encoder.flush();
    },
    progress: () => encoder.progress(),
  };
}
