import express from 'express';
import type { Response } from 'express';
import { GatewayError } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { ApiKeyVerifier, Principal } from '@ccg/tenancy';
import { authenticate } from './authenticate.ts';
import { createClientErrors } from './client-errors.ts';
import type { ClientErrors } from './client-errors.ts';
import { newRequestId } from './exchange.ts';
import type { Endpoint, Exchange, Reporter, Target } from './exchange.ts';
import type { HttpApp } from './listen.ts';
import { renderError } from './render-error.ts';
import type { Arrival } from './render-error.ts';

export interface AppOptions<Where extends Target, Result> {
  readonly endpoints: readonly Endpoint<Where, Result>[];
  /** Reads a raw URL; gives undefined for one that cannot be decoded. */
  readTarget(rawUrl: string): Where | undefined;
  /** What a client is told to do at a path without an endpoint. */
  readonly unknownPathAdvice: string;
  readonly verifier: ApiKeyVerifier;
  readonly reporter: Reporter<Result>;
  readonly clock: Clock;
}

type AppResponse<Where extends Target> = Response<unknown, { exchange: Exchange<Where> }>;

/** An express app over endpoints; it never listens. Every request is answered once and reported once, however it ends. */
export function createApp<Where extends Target, Result>(options: AppOptions<Where, Result>): HttpApp {
  const { clock, reporter } = options;
  const clientErrors = createClientErrors(clock, (requestId, error) => {
    const unparsed = { requestId, endpoint: 'unparsed', method: '', principal: undefined, durationMs: 0 };
    reporter.finished({ ...unparsed, status: error.status }, reporter.resultOf(error));
  });
  const dispatch = createDispatch(clientErrors, reporter, clock);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.enable('case sensitive routing');
  app.use((request, response: AppResponse<Where>, next) => {
    const arrival = { requestId: newRequestId(), receivedAtMs: clock.now(), request, response };
    clientErrors.arrived(arrival);
    const target = options.readTarget(request.url);
    if (target === undefined) return dispatch(arrival, refusing('malformed', malformedUrl()));
    const exchange: Exchange<Where> = { ...arrival, target };
    response.locals.exchange = exchange;
    if (request.headers.host === undefined && request.httpVersion !== '1.0') {
      return dispatch(exchange, refusing('malformed', missingHost()));
    }
    // Express matches what is left of the URL; the escapes keep it one path without a query.
    request.url = encodeURI(target.path).replaceAll('?', '%3F');
    next();
    return undefined;
  });
  for (const endpoint of options.endpoints) {
    app.all(endpoint.path, (_request, response: AppResponse<Where>) => {
      const { exchange } = response.locals;
      return dispatch(exchange, toWork(exchange, endpoint, options.verifier));
    });
  }
  app.use((_request, response: AppResponse<Where>) => {
    const error = new GatewayError('path-unknown', `This path does not exist. ${options.unknownPathAdvice}`);
    return dispatch(response.locals.exchange, refusing('unknown', error));
  });
  return { handle: app, handleClientError: clientErrors.handle };
}

interface Work<Result> {
  readonly name: string;
  /** Tells who the request acts for as soon as that is known. */
  run(identified: (principal: Principal) => void): Promise<Result>;
}

type Dispatch<Result> = (arrival: Arrival & { readonly receivedAtMs: number }, work: Work<Result>) => Promise<void>;

function createDispatch<Result>(
  clientErrors: ClientErrors,
  reporter: Reporter<Result>,
  clock: Clock,
): Dispatch<Result> {
  return async (arrival, { name: endpoint, run }) => {
    let principal: Principal | undefined;
    const { request, response, requestId, receivedAtMs } = arrival;
    const result = await run((identified) => {
      principal = identified;
    }).catch((thrown: unknown) => reporter.resultOf(thrown));
    const { method = '' } = request;
    const finished = { requestId, endpoint, method, principal, durationMs: clock.now() - receivedAtMs };
    const clientError = clientErrors.errorOf(response);
    if (clientError !== undefined) {
      reporter.finished({ ...finished, status: clientError.status }, reporter.resultOf(clientError));
      return;
    }
    const error = reporter.untoldError(result);
    if (error !== undefined) renderError(arrival, error, clock);
    reporter.finished({ ...finished, status: response.statusCode }, result);
  };
}

function toWork<Where extends Target, Result>(
  exchange: Exchange<Where>,
  endpoint: Endpoint<Where, Result>,
  verifier: ApiKeyVerifier,
): Work<Result> {
  return {
    name: endpoint.name,
    async run(identified) {
      refuseOtherMethods(exchange, endpoint);
      if (endpoint.access === 'public') return endpoint.handle(exchange);
      const principal = await authenticate(exchange.request.headers, verifier);
      identified(principal);
      return endpoint.handle(exchange, principal);
    },
  };
}

/** What stands in for an endpoint where there is none. */
function refusing(name: string, error: GatewayError): Work<never> {
  return { name, run: () => Promise.reject(error) };
}

function refuseOtherMethods<Where extends Target, Result>(
  { request, target }: Exchange<Where>,
  { methods }: Endpoint<Where, Result>,
): void {
  if (methods === 'any' || methods.includes(request.method)) return;
  const allowed = methods.join(', ');
  throw new GatewayError('method-not-allowed', `${request.method} is not allowed at ${target.path}. Use ${allowed}.`, {
    headers: { allow: allowed },
  });
}

function malformedUrl(): GatewayError {
  return new GatewayError('http-invalid', 'The URL has an invalid percent-escape. Write a percent sign as %25.');
}

function missingHost(): GatewayError {
  return new GatewayError('http-invalid', 'The request has no Host header, which HTTP/1.1 requires. Send one.');
}
