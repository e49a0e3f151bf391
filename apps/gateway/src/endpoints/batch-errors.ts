import { BatchFilesError, errorOfFiles } from '@ccg/batches';
import { GatewayError } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';

/** The error that a client gets where the store of batches, or Redis, cannot be used now. Anything else stays what it is. */
export function inBatchWords(thrown: unknown): unknown {
  if (thrown instanceof BatchFilesError) return errorOfFiles(thrown);
  if (!(thrown instanceof StoreUnavailableError)) return thrown;
  // It keeps records and, unless told otherwise, files: both need the room that it has not.
  if (thrown.detail === 'OOM') return errorOfFiles(new BatchFilesError('full', thrown.detail));
  const message = 'The gateway cannot reach the records of batches right now. Try again in a few seconds.';
  return new GatewayError('store-unavailable', message, { retryAfterSeconds: 5, reason: thrown.reason });
}
