import { STATUS_CODES } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { GatewayError } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import { errorEnvelope } from '@ccg/wire';
import type { Reporter } from './exchange.ts';
import { errorHeaders } from './render-error.ts';
import { newRequestId } from './request-ids.ts';
import { discardRest } from './unread-body.ts';

/** Answers what Node's parser refuses, which never becomes a request, with the same envelope as everything else. */
export function answerClientErrors<Result>(server: Server, clock: Clock, reporter: Reporter<Result>): void {
  const answering = new WeakMap<Duplex, ServerResponse>();
  const refused = new WeakSet<Duplex>();
  server.on('request', ({ socket }, response) => {
    answering.set(socket, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // The parser stumbles over every later byte of the same connection too.
    if (refused.has(socket)) return;
    refused.add(socket);
    const begun = answering.get(socket)?.headersSent === true && answering.get(socket)?.writableFinished === false;
    if (error.code === 'ECONNRESET' || !socket.writable || begun) {
      socket.destroy();
      return;
    }
    const failure = translate(error.code);
    const requestId = newRequestId();
    socket.end(rawAnswer(failure, requestId), 'latin1');
    discardRest(socket, clock, () => {
      socket.destroy();
    });
    const summary = { requestId, endpoint: 'unparsed', method: '', principal: undefined, durationMs: 0 };
    reporter.finished({ ...summary, status: failure.status }, reporter.resultOf(failure));
  });
}

function translate(code: string | undefined): GatewayError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new GatewayError(
      'headers-too-large',
      'The headers of the request are larger than 16 KB. Send fewer or shorter ones; ANTHROPIC_CUSTOM_HEADERS adds to them.',
    );
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new GatewayError('request-timeout', 'The request did not arrive in time. Send it again.');
  }
  return new GatewayError(
    'http-invalid',
    'The request is not valid HTTP/1.1. Is a proxy between the client and the gateway, or a client that speaks HTTPS to an HTTP port?',
  );
}

function rawAnswer(error: GatewayError, requestId: string): string {
  const body = errorEnvelope({ type: error.type, message: error.publicMessage }, requestId);
  const headers = { ...errorHeaders(error, requestId), 'content-length': String(body.length), connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`, ...lines, '', body].join('\r\n');
}
