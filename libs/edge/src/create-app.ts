import type { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import type { Response } from 'express';
import { GatewayError } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { Scope, TenantPrincipal } from '@ccg/tenancy';
import type { Authenticator } from './authenticate.ts';
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
  readonly authenticate: Authenticator;
  readonly reporter: Reporter<Result>;
  readonly clock: Clock;
}

/**
 * Answers the requests to endpoints; it never listens. Every request is answered once and reported once, however it
 * ends. Express finds the endpoints whose path is a pattern.
 */
export function createApp<Where extends Target, Result>(options: AppOptions<Where, Result>): HttpApp {
  const { clock, reporter } = options;
  const clientErrors = createClientErrors(clock, (requestId, error) => {
    const unparsed = { requestId, endpoint: 'unparsed', method: '', principal: undefined, durationMs: 0 };
    reporter.finished({ ...unparsed, status: error.status }, reporter.resultOf(error));
  });
  const dispatch = createDispatch(clientErrors, reporter, clock);
  // Express costs a small request a tenth of its time, and there is nothing to match in a path that is always the same.
  const byPath = new Map(options.endpoints.filter(({ path }) => !isPattern(path)).map((one) => [one.path, one]));
  const matchPattern = createMatcher(options, dispatch);
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const arrival = { requestId: newRequestId(), receivedAtMs: clock.now(), request, response };
    clientErrors.arrived(arrival);
    const target = options.readTarget(request.url ?? '');
    if (target === undefined) return dispatch(arrival, refusing('malformed', malformedUrl()));
    const exchange: Exchange<Where> = { ...arrival, target };
    if (request.headers.host === undefined && request.httpVersion !== '1.0') {
      return dispatch(exchange, refusing('malformed', missingHost()));
    }
    const endpoint = byPath.get(target.path);
    if (endpoint !== undefined) return dispatch(exchange, toWork(exchange, endpoint, options));
    matchPattern(exchange);
    return undefined;
  };
  return {
    handle(request, response) {
      // Only a fault of ours gets here, such as one of the reporter: nobody else would end the answer or tell of it.
      handle(request, response).catch((fault: unknown) => {
        response.destroy();
        process.emitWarning(fault instanceof Error ? fault : String(fault));
      });
    },
    handleClientError: clientErrors.handle,
  };
}

function isPattern(path: string): boolean {
  return /[:*{}()[\]?+!\\]/u.test(path);
}

/** Express, for the endpoints whose path is a pattern, and for what belongs to none. */
function createMatcher<Where extends Target, Result>(
  options: AppOptions<Where, Result>,
  dispatch: Dispatch<Result>,
): (exchange: Exchange<Where>) => void {
  const { endpoints, unknownPathAdvice } = options;
  type Matched = Response<unknown, { exchange: Exchange<Where> }>;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.enable('case sensitive routing');
  for (const endpoint of endpoints.filter(({ path }) => isPattern(path))) {
    app.all(endpoint.path, (_request, { locals: { exchange } }: Matched) =>
      dispatch(exchange, toWork(exchange, endpoint, options)),
    );
  }
  app.use((_request, { locals: { exchange } }: Matched) => {
    const error = new GatewayError('path-unknown', `This path does not exist. ${unknownPathAdvice}`);
    return dispatch(exchange, refusing('unknown', error));
  });
  return (exchange) => {
    const { request, response, target } = exchange;
    // The escapes keep what is left of the URL one path without a query.
    request.url = encodeURI(target.path).replaceAll('?', '%3F');
    app(request, Object.assign(response, { locals: { exchange } }));
  };
}

interface Work<Result> {
  readonly name: string;
  /** Tells who the request acts for as soon as that is known. */
  run(identified: (principal: TenantPrincipal) => void): Promise<Result>;
}

type Dispatch<Result> = (arrival: Arrival & { readonly receivedAtMs: number }, work: Work<Result>) => Promise<void>;

function createDispatch<Result>(
  clientErrors: ClientErrors,
  reporter: Reporter<Result>,
  clock: Clock,
): Dispatch<Result> {
  return async (arrival, { name: endpoint, run }) => {
    let principal: TenantPrincipal | undefined;
    const { request, response, requestId, receivedAtMs } = arrival;
    let result: Result;
    try {
      result = await run((identified) => {
        principal = identified;
      });
    } catch (thrown) {
      result = reporter.resultOf(thrown);
    }
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
  { authenticate }: Pick<AppOptions<Where, Result>, 'authenticate'>,
): Work<Result> {
  return {
    name: endpoint.name,
    async run(identified) {
      refuseOtherMethods(exchange, endpoint);
      if (endpoint.access === 'public') return await endpoint.handle(exchange);
      const authenticated = authenticate(exchange.request);
      const principal = authenticated instanceof Promise ? await authenticated : authenticated;
      identified(principal);
      requireScope(principal, endpoint.scope);
      return await endpoint.handle(exchange, principal);
    },
  };
}

function requireScope({ authorization: { scopes } }: TenantPrincipal, scope: Scope): void {
  if (scopes.includes(scope)) return;
  const message = `This needs the scope "${scope}", which your credential does not have. Ask the administrator of your team.`;
  throw new GatewayError('scope-missing', message, { reason: scope });
}

/** What stands in for an endpoint where there is none. */
function refusing(name: string, error: GatewayError): Work<never> {
  return { name, run: () => Promise.reject(error) };
}

function refuseOtherMethods<Where extends Target, Result>(
  { request, target }: Exchange<Where>,
  { methods }: Endpoint<Where, Result>,
): void {
  const { method = '' } = request;
  if (methods === 'any' || methods.includes(method)) return;
  const allowed = methods.join(', ');
  throw new GatewayError('method-not-allowed', `${method} is not allowed at ${target.path}. Use ${allowed}.`, {
    headers: { allow: allowed },
  });
}

function malformedUrl(): GatewayError {
  return new GatewayError('http-invalid', 'The URL has an invalid percent-escape. Write a percent sign as %25.');
}

function missingHost(): GatewayError {
  return new GatewayError('http-invalid', 'The request has no Host header, which HTTP/1.1 requires. Send one.');
}
