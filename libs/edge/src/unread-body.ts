import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
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
  discardRest(request, clock, () => {
    response.end();
    request.socket.destroySoon();
  });
}

/**
 * Takes and drops what still comes, up to a bound, and calls back once: when the upload is over, or when the time is.
 * At the bound it stops reading but lets the time pass, since a reset would overtake the answer on its way.
 */
export function discardRest(upload: Readable, clock: Clock, onOver: () => void): void {
  let taken = 0;
  let over = false;
  const finish = () => {
    if (over) return;
    over = true;
    cancel();
    upload.off('data', take);
    onOver();
  };
  const take = (chunk: Uint8Array) => {
    taken += chunk.length;
    if (taken > restMaxBytes) upload.pause();
  };
  const cancel = clock.schedule(restMaxMs, finish);
  upload.on('data', take);
  for (const event of ['end', 'close', 'error']) upload.once(event, finish);
  upload.resume();
}
