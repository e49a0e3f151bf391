import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { assertNever } from '@ccg/kernel';
import type { Clock, GatewayError } from '@ccg/kernel';
import { errorEnvelope } from '@ccg/wire';

/** A request as it arrived, and the response to it. */
export interface Arrival {
  readonly requestId: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** How an app writes an error for its clients. */
export interface ErrorForm {
  readonly contentType: string;
  bodyOf(error: GatewayError, requestId: string): Uint8Array;
}

/** The envelope of the Anthropic API. */
export const anthropicErrors: ErrorForm = {
  contentType: 'application/json',
  bodyOf({ type, publicMessage: message, publicDetails: details }, requestId) {
    return Buffer.from(errorEnvelope({ type, message, details }, requestId), 'latin1');
  },
};

/** Answers with an error. The rest of an upload that nobody will read is not waited for. */
export function renderError(
  { request, response, requestId }: Arrival,
  error: GatewayError,
  form: ErrorForm,
  clock: Clock,
): void {
  if (response.headersSent || response.destroyed) return;
  const body = form.bodyOf(error, requestId);
  const headers = errorHeaders(error, requestId, form);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('content-length', body.length);
  response.statusCode = error.status;
  if (!isUploading(request)) {
    end(response, request.method, body);
    return;
  }
  response.setHeader('connection', 'close');
  response.write(body);
  endAfterUpload(request, response, clock);
}

/** The headers of an error answer: also of those that are written past express. */
export function errorHeaders(error: GatewayError, requestId: string, form: ErrorForm): Record<string, string> {
  const headers: Record<string, string> = {
    ...error.headers,
    'content-type': form.contentType,
    'cache-control': 'no-store',
    'request-id': requestId,
  };
  const { retry } = error;
  switch (retry) {
    case 'never':
      headers['x-should-retry'] = 'false';
      break;
    case 'always':
      headers['x-should-retry'] = 'true';
      break;
    case 'default':
      break;
    default:
      assertNever(retry);
  }
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
  return headers;
}

function end(response: ServerResponse, method: string | undefined, body: Uint8Array): void {
  if (method === 'HEAD') response.end();
  else response.end(body);
}

/** How much of an upload is still taken after its answer, so that the client reads the answer before the reset. */
const restMaxBytes = 1024 * 1024;
const restMaxMs = 2000;

/** Whether the client is still sending a body, or has one that nobody has read. */
function isUploading(request: IncomingMessage): boolean {
  if (request.complete && request.readableEnded) return false;
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/**
 * Ends a response whose body has been written in full: when the upload is over, or after its bounds together with
 * the socket. Ending at once would reset the connection, and the client would lose the answer.
 */
function endAfterUpload(request: IncomingMessage, response: ServerResponse, clock: Clock): void {
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
