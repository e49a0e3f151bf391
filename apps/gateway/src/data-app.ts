import express from 'express';
import type { Express, Response } from 'express';
import { GatewayError } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import { noFacts, ReaderGoneError } from '@ccg/serving';
import type { Outcome } from '@ccg/serving';
import type { Logger, Metrics } from '@ccg/telemetry';
import type { ApiKeyVerifier, Principal } from '@ccg/tenancy';
import { authenticate } from './http/authenticate.ts';
import type { Endpoint, Exchange } from './http/exchange.ts';
import { newRequestId } from './http/ids.ts';
import { parseTarget } from './http/parse-target.ts';
import { renderError } from './http/render-error.ts';
import { rejectedBy, report } from './http/report.ts';

export interface DataAppDependencies {
  readonly endpoints: readonly Endpoint[];
  readonly verifier: ApiKeyVerifier;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

type DataResponse = Response<unknown, { exchange: Exchange }>;

/** The data plane's express app; it never listens. */
export function createDataApp(dependencies: DataAppDependencies): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.enable('case sensitive routing');
  app.use((request, response: DataResponse, next) => {
    const target = parseTarget(request.url);
    const receivedAtMs = dependencies.clock.now();
    const exchange = { requestId: newRequestId(), receivedAtMs, target, request, response };
    response.locals.exchange = exchange;
    if (target.kind === 'malformed') return dispatch(exchange, malformedUrl, dependencies);
    if (request.headers.host === undefined && request.httpVersion !== '1.0') {
      return dispatch(exchange, missingHost, dependencies);
    }
    // Express matches what is left of the URL; the escapes keep it one path without a query.
    request.url = encodeURI(target.path).replaceAll('?', '%3F');
    next();
    return undefined;
  });
  for (const endpoint of dependencies.endpoints) {
    app.all(endpoint.path, (_request, response: DataResponse) =>
      dispatch(response.locals.exchange, endpoint, dependencies),
    );
  }
  app.use((_request, response: DataResponse) => dispatch(response.locals.exchange, unknownPath, dependencies));
  return app;
}

/** Takes one request through its endpoint; however it ends, it is answered, logged and counted once. */
async function dispatch(exchange: Exchange, endpoint: Endpoint, dependencies: DataAppDependencies): Promise<void> {
  const { clock, logger, metrics } = dependencies;
  const { request, response, requestId, receivedAtMs } = exchange;
  const caller: Caller = { principal: undefined };
  const outcome = await run(exchange, endpoint, dependencies.verifier, caller);
  if (outcome.kind === 'rejected') renderError(exchange, outcome.error, clock);
  const { principal } = caller;
  const durationMs = clock.now() - receivedAtMs;
  const { method } = request;
  report(
    { requestId, endpoint: endpoint.name, method, principal, status: response.statusCode, durationMs },
    outcome,
    logger,
    metrics,
  );
}

interface Caller {
  principal: Principal | undefined;
}

async function run(exchange: Exchange, endpoint: Endpoint, verifier: ApiKeyVerifier, caller: Caller): Promise<Outcome> {
  try {
    refuseOtherMethods(exchange, endpoint);
    if (endpoint.access === 'public') return await endpoint.handle(exchange);
    caller.principal = await authenticate(exchange.request.headers, verifier);
    return await endpoint.handle(exchange, caller.principal);
  } catch (thrown) {
    if (thrown instanceof ReaderGoneError) return { kind: 'aborted', reason: thrown.reason, facts: noFacts() };
    return rejectedBy(thrown, noFacts());
  }
}

function refuseOtherMethods({ request }: Exchange, { methods, path }: Endpoint): void {
  if (methods.length === 0 || methods.includes(request.method)) return;
  const allowed = methods.join(', ');
  throw new GatewayError('method-not-allowed', `${request.method} is not possible at ${path}. Use ${allowed}.`, {
    headers: { allow: allowed },
  });
}

const malformedUrl = refusing('malformed', () => {
  return new GatewayError('http-invalid', 'The URL has a malformed percent-escape. Write a percent sign as %25.');
});

const missingHost = refusing('malformed', () => {
  return new GatewayError('http-invalid', 'The request has no Host header, which HTTP/1.1 asks for.');
});

const unknownPath = refusing('unknown', () => {
  return new GatewayError(
    'path-unknown',
    'There is nothing at this path. Set ANTHROPIC_BASE_URL to the gateway itself, or to /{provider}:{model} of it.',
  );
});

/** What stands in for an endpoint where there is none. */
function refusing(name: string, error: () => GatewayError): Endpoint {
  return { name, path: '', methods: [], access: 'public', handle: () => Promise.reject(error()) };
}
