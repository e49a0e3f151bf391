import type { Target } from '@ccg/catalog';
import { UpstreamCallError } from '@ccg/upstream';
import type { CallFailureKind, UpstreamBody, UpstreamCall, UpstreamResponse } from '@ccg/upstream';
import type { RequestRecord } from './record.ts';

/**
 * One request and everything that it causes, for whoever has to find a fault in it. The functions never throw and never
 * wait: requests run through them. Nobody changes bytes that were handed over.
 */
export interface ExchangeRecording {
  /** The client's body as it came. */
  received(body: Uint8Array): void;
  /** The request is about to be translated for a target. */
  translated(target: Target, estimatedInputTokens: number | undefined): void;
  /** A call to a provider begins. */
  called(target: Target, call: RecordedCall): CallRecording;
  /** Called once, last. What a provider sends afterwards is no part of the answer. */
  ended(record: RequestRecord): void;
}

export type RecordedCall = Exclude<UpstreamCall, { operation: 'models' }>;

/** One call to a provider. */
export interface CallRecording {
  answered(head: Pick<UpstreamResponse, 'status' | 'headers'>): void;
  /** A piece of the answer's body, as it was read. */
  received(chunk: Uint8Array): void;
  /** The body was read to its end, or the call failed. Not called where nobody read on. */
  ended(how: 'whole' | CallFailureKind): void;
}

/** The same answer, recorded while it is read. */
export async function recordAnswer(
  answering: Promise<UpstreamResponse>,
  recording: CallRecording,
): Promise<UpstreamResponse> {
  const response = await recordFailure(recording, answering);
  recording.answered(response);
  return { ...response, body: recordBody(response.body, recording) };
}

function recordBody(body: UpstreamBody, recording: CallRecording): UpstreamBody {
  return {
    async pipe(receive) {
      const piping = body.pipe((chunk) => {
        recording.received(chunk);
        return receive(chunk);
      });
      await recordFailure(recording, piping);
      recording.ended('whole');
    },
    async collect(maxBytes) {
      const bytes = await recordFailure(recording, body.collect(maxBytes));
      recording.received(bytes);
      recording.ended('whole');
      return bytes;
    },
    abort() {
      body.abort();
    },
  };
}

async function recordFailure<Value>(recording: CallRecording, work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (thrown) {
    recording.ended(thrown instanceof UpstreamCallError ? thrown.kind : 'aborted');
    throw thrown;
  }
}
