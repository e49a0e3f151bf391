import { setImmediate } from 'node:timers/promises';
import type { ManualClock } from '@ccg/testkit';
import { readableResponse, UpstreamCallError } from '@ccg/upstream';
import type { Upstream, UpstreamBody } from '@ccg/upstream';
import type { RecordedCall } from './read-exchange.ts';

/** The provider of a recording: it answers each call as the one of then was answered. */
export interface PlayedUpstream extends Upstream {
  /** What was sent, call by call. */
  readonly sent: readonly Uint8Array[];
  /** How many calls there were of which the recording has no answer. */
  unanswered(): number;
}

/** Longer than anything waits for a provider. */
const foreverMs = 24 * 60 * 60 * 1000;

export function playUpstream(calls: readonly RecordedCall[], clock: ManualClock): PlayedUpstream {
  const sent: Uint8Array[] = [];
  let unanswered = 0;
  return {
    sent,
    unanswered: () => unanswered,
    async call(_target, call, signal) {
      if (call.operation === 'models') throw new Error('Nobody asks for models here.');
      const recorded = calls[sent.length];
      sent.push(call.body);
      if (recorded === undefined) {
        unanswered += 1;
        throw new UpstreamCallError('aborted');
      }
      const { status, headers, end } = recorded;
      if (status === undefined) throw await failureOf(end, 'first-byte-timeout', clock, signal);
      return readableResponse(status, headers, playBody(recorded, clock, signal));
    },
    prepareCredential: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function playBody({ chunks, end }: RecordedCall, clock: ManualClock, signal: AbortSignal): UpstreamBody {
  const aborted = new AbortController();
  const ended = AbortSignal.any([aborted.signal, signal]);
  const body: UpstreamBody = {
    async pipe(receive) {
      for (const chunk of chunks) {
        if (ended.aborted) throw new UpstreamCallError('aborted');
        await receive(chunk);
      }
      if (end !== 'whole') throw await failureOf(end, 'idle-timeout', clock, ended);
    },
    async collect(maxBytes) {
      const pieces: Uint8Array[] = [];
      let bytes = 0;
      await body.pipe((chunk) => {
        bytes += chunk.length;
        if (bytes > maxBytes) return Promise.reject(new UpstreamCallError('too-large'));
        pieces.push(chunk);
        return undefined;
      });
      return Buffer.concat(pieces);
    },
    abort() {
      aborted.abort();
    },
  };
  return body;
}

/** How a call fails. A provider that falls silent does so until every timer has run out. */
async function failureOf(
  end: RecordedCall['end'],
  silence: 'first-byte-timeout' | 'idle-timeout',
  clock: ManualClock,
  signal: AbortSignal,
): Promise<UpstreamCallError> {
  if (end !== 'open' && end !== 'whole') return new UpstreamCallError(end);
  await setImmediate();
  clock.advance(foreverMs);
  await setImmediate();
  return new UpstreamCallError(signal.aborted ? 'aborted' : silence);
}
