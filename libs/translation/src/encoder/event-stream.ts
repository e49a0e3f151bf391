import { toGatewayError } from '@ccg/kernel';
import type { StreamTranslator } from '../translation.ts';
import type { Encoder } from './encoder.ts';

/** Cuts a stream's bytes, in any chunking, into events or lines: an SSE or an NDJSON decoder. */
export interface StreamDecoder {
  push(bytes: Uint8Array): void;
  end(): void;
}

/**
 * The translator of a stream. `decoder` hands each event or line to the dialect's reader, which tells the encoder
 * what it says. What they throw ends the stream with an error.
 */
export function createEventStream(encoder: Encoder, decoder: StreamDecoder): StreamTranslator {
  return {
    push(bytes) {
      if (!encoder.isOpen()) return;
      try {
        decoder.push(bytes);
      } catch (thrown) {
        encoder.fail(toGatewayError(thrown));
      }
      encoder.flush();
    },
    end() {
      try {
        decoder.end();
        encoder.end();
      } catch (thrown) {
        encoder.fail(toGatewayError(thrown));
      }
      encoder.flush();
    },
    fail(failure) {
      encoder.fail(failure);
      encoder.flush();
    },
    progress: encoder.progress,
  };
}
