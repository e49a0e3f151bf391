import type { RequestListener } from 'node:http';
import express from 'express';
import type { Response } from 'express';
import { GatewayError } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { ApiKeyVerifier, Principal } from '@ccg/tenancy';
import { authenticate } from './authenticate.ts';
import type { Endpoint, Exchange, Reporter, Target } from './exchange.ts';
import { renderError } from './render-error.ts';
import type { Arrival } from './render-error.ts';
import { newRequestId } from './request-ids.ts';

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

/** An express app over endpoints; it never listens. However a request ends, it is answered and reported once. */
export function createApp<Where extends Target, Result>(options: AppOptions<Where, Result>): RequestListener {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.enable('case sensitive routing');
  app.use((request, response: AppResponse<Where>, next) => {
    const arrival = { requestId: newRequestId(), receivedAtMs: options.clock.now(), request, response };
    const target = options.readTarget(request.url);
    if (target === undefined) return dispatch(arrival, refusing('malformed', malformedUrl()), options);
    const exchange: Exchange<Where> = { ...arrival, target };
    response.locals.exchange = exchange;
    if (request.headers.host === undefined && request.httpVersion !== '1.0') {
      return dispatch(exchange, refusing('malformed', missingHost()), options);
    }
    // Express matches what is left of the URL; the escapes keep it one path without a query.
    request.url = encodeURI(target.path).replaceAll('?', '%3F');
    next();
    return undefined;
  });
  for (const endpoint of options.endpoints) {
    app.all(endpoint.path, (_request, response: AppResponse<Where>) => {
      const { exchange } = response.locals;
      return dispatch(exchange, toWork(exchange, endpoint, options.verifier), options);
    });
  }
  app.use((_request, response: AppResponse<Where>) => {
    const error = new GatewayError('path-unknown', `There is nothing at this path. ${options.unknownPathAdvice}`);
    return dispatch(response.locals.exchange, refusing('unknown', error), options);
  });
  return app;
}

interface Work<Result> {
  readonly name: string;
  /** Tells who the request acts for as soon as that is known. */
  run(identified: (principal: Principal) => void): Promise<Result>;
}

async function dispatch<Where extends Target, Result>(
  arrival: Arrival & { readonly receivedAtMs: number },
  work: Work<Result>,
  { reporter, clock }: AppOptions<Where, Result>,
): Promise<void> {
  let principal: Principal | undefined;
  const { request, response, requestId, receivedAtMs } = arrival;
  const result = await work
    .run((identified) => {
      principal = identified;
    })
    .catch((thrown: unknown) => reporter.resultOf(thrown));
  const error = reporter.untoldError(result);
  if (error !== undefined) renderError(arrival, error, clock);
  const durationMs = clock.now() - receivedAtMs;
  const { method = '' } = request;
  reporter.finished(
    { requestId, endpoint: work.name, method, principal, status: response.statusCode, durationMs },
    result,
  );
}

function toWork<Where extends Target, Result>(
  exchange: Exchange<Where>,
  endpoint: Endpoint<Where, Result>,
  verifier: ApiKeyVerifier,
): Work<Result> {
  return {
    name: endpoint.name,
    async run(identified) {
      refuseOtherMethods(exchange.request.method, endpoint);
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

function refuseOtherMethods(
  method: string,
  { methods, path }: { readonly methods: readonly string[]; readonly path: string },
): void {
  if (methods.includes(method)) return;
  const allowed = methods.join(', ');
  throw new GatewayError('method-not-allowed', `${method} is not possible at ${path}. Use ${allowed}.`, {
    headers: { allow: allowed },
  });
}

function malformedUrl(): GatewayError {
  return new GatewayError('http-invalid', 'The URL has a malformed percent-escape. Write a percent sign as %25.');
}

function missingHost(): GatewayError {
  return new GatewayError('http-invalid', 'The request has no Host header, which HTTP/1.1 asks for.');
}
