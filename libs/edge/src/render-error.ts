import type { IncomingMessage, ServerResponse } from 'node:http';
import { assertNever } from '@ccg/kernel';
import type { Clock, GatewayError } from '@ccg/kernel';
import { errorEnvelope } from '@ccg/wire';
import { endAfterUpload, isUploading } from './unread-body.ts';

/** A request as it arrived, and the response to it. */
export interface Arrival {
  readonly requestId: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Answers with the Anthropic envelope. The rest of an upload that nobody will read is not waited for. */
export function renderError({ request, response, requestId }: Arrival, error: GatewayError, clock: Clock): void {
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(errorEnvelope({ type: error.type, message: error.publicMessage }, requestId), 'latin1');
  for (const [name, value] of Object.entries(errorHeaders(error, requestId))) response.setHeader(name, value);
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
export function errorHeaders(error: GatewayError, requestId: string): Record<string, string> {
  const headers: Record<string, string> = {
    ...error.headers,
    'content-type': 'application/json',
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
