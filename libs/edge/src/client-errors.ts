import { STATUS_CODES } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { GatewayError } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import { newRequestId } from './exchange.ts';
import { discardRest, errorHeaders } from './render-error.ts';
import type { Arrival, ErrorForm } from './render-error.ts';

/** Answers what Node's HTTP parser rejects, in the same form as every other error. */
export interface ClientErrors {
  /** Notes which request a connection is busy with. */
  arrived(arrival: Arrival): void;
  /** The error that the parser raised over the rest of this request, if any. The client has been answered with it. */
  errorOf(response: ServerResponse): GatewayError | undefined;
  /** The listener for `clientError`. */
  handle(error: NodeJS.ErrnoException, socket: Duplex): void;
}

/** `onUnparsed` is called for what never became a request; a request that did arrive reports its error itself. */
export function createClientErrors(
  clock: Clock,
  form: ErrorForm,
  onUnparsed: (requestId: string, error: GatewayError) => void,
): ClientErrors {
  const busyWith = new WeakMap<Duplex, Arrival>();
  const rejected = new WeakSet<Duplex>();
  const errors = new WeakMap<ServerResponse, GatewayError>();
  return {
    arrived(arrival) {
      busyWith.set(arrival.request.socket, arrival);
    },
    errorOf: (response) => errors.get(response),
    handle({ code }, socket) {
      // The parser fails on every later byte of the same connection too.
      if (rejected.has(socket)) return;
      rejected.add(socket);
      const arrival = busyWith.get(socket);
      const unanswered = arrival?.response.writableFinished === false ? arrival : undefined;
      if (code === 'ECONNRESET' || !socket.writable || unanswered?.response.headersSent === true) {
        socket.destroy();
        return;
      }
      const error = translate(code);
      const requestId = unanswered?.requestId ?? newRequestId();
      socket.end(rawAnswer(error, requestId, form));
      discardRest(socket, clock, () => {
        socket.destroy();
      });
      if (unanswered === undefined) onUnparsed(requestId, error);
      else errors.set(unanswered.response, error);
    },
  };
}

function translate(code: string | undefined): GatewayError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new GatewayError(
      'headers-too-large',
      'The request headers are larger than 16 KB. Send fewer or shorter headers; check ANTHROPIC_CUSTOM_HEADERS.',
    );
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new GatewayError('request-timeout', 'The request did not arrive completely in time. Send it again.');
  }
  return new GatewayError(
    'http-invalid',
    'The request is not valid HTTP/1.1. Check that the base URL begins with http:// if the gateway has no TLS, and check any proxy in between.',
  );
}

function rawAnswer(error: GatewayError, requestId: string, form: ErrorForm): Uint8Array {
  const body = form.bodyOf(error, requestId);
  const headers = {
    ...errorHeaders(error, requestId, form),
    'content-length': String(body.length),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`, ...lines, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}
