import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayError } from '@ccg/kernel';
import type { Principal, Scope, TenantPrincipal } from '@ccg/tenancy';
import type { HeaderList } from '@ccg/wire';
import type { Authenticator } from './authenticate.ts';
import { randomId } from './random-id.ts';

/** What an app reads off the URL of a request; an app may read more. */
export interface Target {
  /** Decoded; endpoints are found by it. */
  readonly path: string;
  /** With its question mark, or empty. */
  readonly query: string;
}

/** One request and its response, with what was read off it on arrival. */
export interface Exchange<Where extends Target> {
  readonly requestId: string;
  readonly receivedAtMs: number;
  /** Milliseconds since it arrived, with fractions. */
  elapsedMs(this: void): number;
  readonly target: Where;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** What is known of an endpoint without a request. */
export interface EndpointFacts {
  /** The label in metrics and logs. */
  readonly name: string;
  /** A path, or a pattern of express. Endpoints of one path have methods of their own. */
  readonly path: string;
  readonly methods: readonly string[] | 'any';
  readonly access: 'public' | 'principal';
  /** What a client is told besides that comes with another method. */
  readonly otherMethodsAdvice?: string;
}

/**
 * What answers the requests to one path. Whether a credential is needed is a property of the endpoint, so that no URL
 * can talk its way around it.
 */
export type Endpoint<Where extends Target, Result, Who extends Principal = TenantPrincipal> =
  | (EndpointFacts & { readonly access: 'public'; handle(exchange: Exchange<Where>): Promise<Result> })
  | (EndpointFacts & {
      readonly access: 'principal';
      /** What the credential must have. Undefined: the endpoint judges that itself. */
      readonly scope: Scope | undefined;
      /** Where it is another than that of the app. */
      readonly authenticate?: Authenticator<Who> | undefined;
      handle(exchange: Exchange<Where>, principal: Who): Promise<Result>;
    });

/** What is known of every finished request, whatever its endpoint made of it. */
export interface FinishedRequest<Who extends Principal = TenantPrincipal> {
  readonly requestId: string;
  /** The name of its endpoint; `unknown`, `malformed` or `unparsed` where it reached none. */
  readonly endpoint: string;
  readonly method: string;
  /** Undefined for what the HTTP parser rejected. */
  readonly request: IncomingMessage | undefined;
  readonly principal: Who | undefined;
  readonly status: number;
  readonly durationMs: number;
  /** After how long it was known who the request acts for. Undefined where it never was. */
  readonly authenticatedMs: number | undefined;
}

/** How an app understands and reports the results of its endpoints. */
export interface Reporter<Result, Who extends Principal = TenantPrincipal> {
  /** The result of a request whose endpoint threw before it sent anything. */
  resultOf(thrown: unknown): Result;
  /** The error that the client has not been told yet. */
  untoldError(result: Result): GatewayError | undefined;
  /** Called once for every request, after its answer. */
  finished(request: FinishedRequest<Who>, result: Result): void;
}

/** The client's headers with lower-case names; of a repeated header, every value. */
export function headerList(headers: IncomingHttpHeaders): HeaderList {
  const list: (readonly [string, string])[] = [];
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (typeof value === 'string') list.push([name, value]);
    else for (const one of value ?? []) list.push([name, one]);
  }
  return list;
}

/** Answers with a JSON document; to HEAD with its headers alone, which Node takes care of. */
export function sendJson<Where extends Target>({ response, requestId }: Exchange<Where>, document: unknown): void {
  const body = Buffer.from(JSON.stringify(document));
  response.setHeader('request-id', requestId);
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('content-length', body.length);
  response.end(body);
}

/** An id for a request of ours, in the form that the Anthropic API gives its own. */
export function newRequestId(): string {
  return randomId('req_');
}
