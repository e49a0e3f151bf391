import type { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import type { Response } from 'express';
import { GatewayError, startStopwatch } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { Principal, Scope, TenantPrincipal } from '@ccg/tenancy';
import type { Authenticator } from './authenticate.ts';
import { createClientErrors } from './client-errors.ts';
import type { ClientErrors } from './client-errors.ts';
import { newRequestId } from './exchange.ts';
import type { Endpoint, Exchange, Reporter, Target } from './exchange.ts';
import type { HttpApp } from './listen.ts';
import { anthropicErrors, renderError } from './render-error.ts';
import type { Arrival, ErrorForm } from './render-error.ts';

export interface AppOptions<Where extends Target, Result, Who extends Principal = TenantPrincipal> {
  readonly endpoints: readonly Endpoint<Where, Result, Who>[];
  /** Reads a raw URL; gives undefined for one that cannot be decoded. */
  readTarget(rawUrl: string): Where | undefined;
  /** What a client is told at a path without an endpoint. */
  unknownPath(path: string): GatewayError;
  readonly authenticate: Authenticator<Who>;
  readonly reporter: Reporter<Result, Who>;
  readonly clock: Clock;
  /** The Anthropic envelope unless given. */
  readonly errorForm?: ErrorForm | undefined;
}

/**
 * Answers the requests to endpoints; it never listens. Every request is answered once and reported once, however it
 * ends. Express finds the endpoints whose path is a pattern.
 */
export function createApp<Where extends Target, Result, Who extends Principal = TenantPrincipal>(
  options: AppOptions<Where, Result, Who>,
): HttpApp {
  const { clock, reporter, errorForm = anthropicErrors } = options;
  const clientErrors = createClientErrors(clock, errorForm, (requestId, error) => {
    const { status } = error;
    const unparsed = { requestId, endpoint: 'unparsed', method: '', request: undefined, principal: undefined, status };
    reporter.finished({ ...unparsed, durationMs: 0, authenticatedMs: undefined }, reporter.resultOf(error));
  });
  const dispatch = createDispatch({ clientErrors, reporter, clock, errorForm });
  // Express costs a small request a tenth of its time, and there is nothing to match in a path that is always the same.
  const byPath = groupByPath(options.endpoints.filter(({ path }) => !isPattern(path)));
  const matchPattern = createMatcher(options, dispatch);
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const elapsedMs = startStopwatch(clock);
    const arrival = { requestId: newRequestId(), receivedAtMs: clock.now(), elapsedMs, request, response };
    clientErrors.arrived(arrival);
    const target = options.readTarget(request.url ?? '');
    if (target === undefined) return dispatch(arrival, refusing('malformed', malformedUrl()));
    const exchange: Exchange<Where> = { ...arrival, target };
    if (request.headers.host === undefined && request.httpVersion !== '1.0') {
      return dispatch(exchange, refusing('malformed', missingHost()));
    }
    const group = byPath.get(target.path);
    if (group !== undefined) return dispatch(exchange, toWork(exchange, group, options));
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
function createMatcher<Where extends Target, Result, Who extends Principal>(
  options: AppOptions<Where, Result, Who>,
  dispatch: Dispatch<Result, Who>,
): (exchange: Exchange<Where>) => void {
  const { endpoints } = options;
  type Matched = Response<unknown, { exchange: Exchange<Where> }>;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.enable('case sensitive routing');
  for (const [path, group] of groupByPath(endpoints.filter((endpoint) => isPattern(endpoint.path)))) {
    app.all(path, (_request, { locals: { exchange } }: Matched) =>
      dispatch(exchange, toWork(exchange, group, options)),
    );
  }
  app.use((_request, { locals: { exchange } }: Matched) => {
    return dispatch(exchange, refusing('unknown', options.unknownPath(exchange.target.path)));
  });
  return (exchange) => {
    const { request, response, target } = exchange;
    // The escapes keep what is left of the URL one path without a query.
    request.url = encodeURI(target.path).replaceAll('?', '%3F');
    app(request, Object.assign(response, { locals: { exchange } }));
  };
}

interface Work<Result, Who extends Principal> {
  readonly name: string;
  /** Tells who the request acts for as soon as that is known. */
  run(identified: (principal: Who) => void): Promise<Result>;
}

type Dispatch<Result, Who extends Principal> = (
  arrival: Arrival & Pick<Exchange<Target>, 'elapsedMs'>,
  work: Work<Result, Who>,
) => Promise<void>;

interface DispatchParts<Result, Who extends Principal> {
  readonly clientErrors: ClientErrors;
  readonly reporter: Reporter<Result, Who>;
  readonly clock: Clock;
  readonly errorForm: ErrorForm;
}

function createDispatch<Result, Who extends Principal>(parts: DispatchParts<Result, Who>): Dispatch<Result, Who> {
  const { clientErrors, reporter, clock, errorForm } = parts;
  return async (arrival, { name: endpoint, run }) => {
    let principal: Who | undefined;
    let authenticatedMs: number | undefined;
    const { request, response, requestId, elapsedMs } = arrival;
    let result: Result;
    try {
      result = await run((identified) => {
        principal = identified;
        authenticatedMs = elapsedMs();
      });
    } catch (thrown) {
      result = reporter.resultOf(thrown);
    }
    const { method = '' } = request;
    const finished = { requestId, endpoint, method, request, principal, authenticatedMs, durationMs: elapsedMs() };
    const clientError = clientErrors.errorOf(response);
    if (clientError !== undefined) {
      reporter.finished({ ...finished, status: clientError.status }, reporter.resultOf(clientError));
      return;
    }
    const error = reporter.untoldError(result);
    if (error !== undefined) renderError(arrival, error, errorForm, clock);
    reporter.finished({ ...finished, status: response.statusCode }, result);
  };
}

type EndpointGroup<Where extends Target, Result, Who extends Principal> = readonly [
  Endpoint<Where, Result, Who>,
  ...Endpoint<Where, Result, Who>[],
];

function groupByPath<Where extends Target, Result, Who extends Principal>(
  endpoints: readonly Endpoint<Where, Result, Who>[],
): ReadonlyMap<string, EndpointGroup<Where, Result, Who>> {
  const groups = new Map<string, EndpointGroup<Where, Result, Who>>();
  for (const endpoint of endpoints) {
    const group = groups.get(endpoint.path);
    groups.set(endpoint.path, group === undefined ? [endpoint] : [...group, endpoint]);
  }
  return groups;
}

function toWork<Where extends Target, Result, Who extends Principal>(
  exchange: Exchange<Where>,
  group: EndpointGroup<Where, Result, Who>,
  { authenticate }: Pick<AppOptions<Where, Result, Who>, 'authenticate'>,
): Work<Result, Who> {
  const endpoint = endpointFor(exchange.request.method, group);
  return {
    name: endpoint?.name ?? group[0].name,
    async run(identified) {
      if (endpoint === undefined) throw methodNotAllowed(exchange, group);
      if (endpoint.access === 'public') return await endpoint.handle(exchange);
      const authenticated = (endpoint.authenticate ?? authenticate)(exchange.request);
      const principal = authenticated instanceof Promise ? await authenticated : authenticated;
      identified(principal);
      if (endpoint.scope !== undefined) requireScope(principal, endpoint.scope);
      return await endpoint.handle(exchange, principal);
    },
  };
}

/** @throws GatewayError 403 `scope-missing`. */
export function requireScope({ authorization: { scopes } }: Principal, scope: Scope): void {
  if (scopes.includes(scope)) return;
  const message = `This needs the scope "${scope}", which your credential does not have. Ask the administrator of your team.`;
  throw new GatewayError('scope-missing', message, { reason: scope });
}

/** What stands in for an endpoint where there is none. */
function refusing(name: string, error: GatewayError): Work<never, never> {
  return { name, run: () => Promise.reject(error) };
}

/** A loop, since this is on the way of every request. */
function endpointFor<Where extends Target, Result, Who extends Principal>(
  method = '',
  group: EndpointGroup<Where, Result, Who>,
): Endpoint<Where, Result, Who> | undefined {
  for (const endpoint of group) {
    if (endpoint.methods === 'any' || endpoint.methods.includes(method)) return endpoint;
  }
  return undefined;
}

function methodNotAllowed<Where extends Target, Result, Who extends Principal>(
  { request: { method = '' }, target }: Exchange<Where>,
  group: EndpointGroup<Where, Result, Who>,
): GatewayError {
  const allowed = group.flatMap(({ methods }) => methods).join(', ');
  const advice = group.flatMap(({ otherMethodsAdvice = [] }) => otherMethodsAdvice);
  const message = [`${method} is not allowed at ${target.path}. Use ${allowed}.`, ...advice].join(' ');
  return new GatewayError('method-not-allowed', message, { headers: { allow: allowed } });
}

function malformedUrl(): GatewayError {
  return new GatewayError('http-invalid', 'The URL has an invalid percent-escape. Write a percent sign as %25.');
}

function missingHost(): GatewayError {
  return new GatewayError('http-invalid', 'The request has no Host header, which HTTP/1.1 requires. Send one.');
}
