import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@ccg/kernel';

/** How much of an upload is still taken after its answer, so that the client reads the answer before the reset. */
const restMaxBytes = 1024 * 1024;
const restMaxMs = 2000;

/** Whether the client is still sending a body, or has one that nobody has read. */
export function isUploading(request: IncomingMessage): boolean {
  if (request.complete && request.readableEnded) return false;
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/**
 * Ends a response whose body has been written in full: when the upload is over, or after its bounds together with
 * the socket. Ending at once would reset the connection, and the client would lose the answer.
 */
export function endAfterUpload(request: IncomingMessage, response: ServerResponse, clock: Clock): void {
  let taken = 0;
  const finish = () => {
    cancel();
    request.off('data', take);
    response.end();
    request.socket.destroySoon();
  };
  const take = (chunk: Uint8Array) => {
    taken += chunk.length;
    if (taken > restMaxBytes) finish();
  };
  const cancel = clock.schedule(restMaxMs, finish);
  request.on('data', take);
  request.once('end', finish);
  request.once('close', cancel);
  request.once('error', cancel);
  request.resume();
}
