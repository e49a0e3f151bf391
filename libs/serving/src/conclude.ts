import { GatewayError, ReaderGoneError, toGatewayError } from '@ccg/kernel';
import { errorFrame, streamErrorType } from '@ccg/wire';
import type { Facts, Outcome } from './outcome.ts';
import type { ResponseSink } from './sink.ts';

/** Tells the client what went wrong while that is still possible. */
export async function conclude(
  thrown: unknown,
  { requestId }: { readonly requestId: string },
  sink: ResponseSink,
  facts: Facts,
): Promise<Outcome> {
  const reason: unknown = sink.signal.aborted ? sink.signal.reason : thrown;
  if (reason instanceof ReaderGoneError) return { kind: 'aborted', reason: reason.reason, facts };
  const error = reason instanceof GatewayError ? reason : toGatewayError(thrown);
  if (!sink.committed) return { kind: 'rejected', error, facts };
  try {
    const type = streamErrorType(error, facts.firstEventMs !== undefined);
    await sink.write(errorFrame({ type, message: error.publicMessage }, requestId));
    sink.end();
    return { kind: 'broken', error, facts };
  } catch {
    return { kind: 'aborted', reason: 'client-gone', facts };
  }
}
