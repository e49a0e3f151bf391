import { readResults } from '@ccg/batches';
import type { Batch } from '@ccg/batches';
import { createResponseSink } from '@ccg/edge';
import type { InterruptibleSink, OpenSinks, SinkTimes } from '@ccg/edge';
import { ReaderGoneError, toGatewayError } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import { recordWithoutModel } from '@ccg/serving';
import type { End, RequestRecord } from '@ccg/serving';
import type { Batching } from '../batching.ts';
import type { GatewayExchange } from '../data-app.ts';

export interface ResultsAnswer {
  readonly sinkTimes: SinkTimes;
  readonly clock: Clock;
  readonly openSinks: OpenSinks;
}

/**
 * Streams the results of a batch that has ended. What fails before the first of them is thrown; after that the connection is
 * broken off, since a part of the results must not look like all of them.
 */
export async function answerWithResults(
  { request, response, requestId }: GatewayExchange,
  batching: Batching,
  batch: Batch,
  { sinkTimes, clock, openSinks }: ResultsAnswer,
): Promise<RequestRecord> {
  const pieces = readResults(batching, batch);
  let piece = await pieces.next();
  const sink = createResponseSink(response, requestId, sinkTimes, clock);
  const close = openSinks.add(sink);
  try {
    sink.commit(200, [['content-type', 'application/x-jsonl']]);
    // The answer to HEAD has no body.
    for (; request.method !== 'HEAD' && piece.done !== true; piece = await pieces.next())
      await write(sink, piece.value);
    await sink.end();
    return recordWithoutModel({ kind: 'completed' });
  } catch (thrown) {
    response.destroy();
    return recordWithoutModel(endOf(thrown));
  } finally {
    await pieces.return(undefined);
    close();
    sink.release();
  }
}

async function write(sink: InterruptibleSink, bytes: Uint8Array): Promise<void> {
  sink.signal.throwIfAborted();
  await sink.write(bytes);
}

function endOf(thrown: unknown): End {
  if (thrown instanceof ReaderGoneError) return { kind: 'aborted', reason: thrown.reason };
  return { kind: 'broken', error: toGatewayError(thrown) };
}
