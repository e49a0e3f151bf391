import { requestPath } from '@ccg/catalog';
import type { DialectForm, Endpoint } from '@ccg/catalog';
import type { Secret } from '@ccg/kernel';
import type { HeaderList } from '@ccg/wire';
import type { CredentialHeaders } from './credentials.ts';
import { isMetadataAddress } from './addresses.ts';
import type { ComposedCall } from './hand-over-body.ts';

/** What is asked of a provider. Where it goes and what proves the gateway follows from the endpoint. */
export type UpstreamCall =
  | {
      readonly operation: 'messages' | 'count';
      /** Some dialects have it in the path. */
      readonly model: string;
      /** Whether the answer is to be a stream. */
      readonly stream: boolean;
      /** What the dialect's translation says of this body. */
      readonly headers: HeaderList;
      /** Of the client's request: the dialect lets a part of it pass. */
      readonly client: { readonly headers: HeaderList; readonly query: string };
      readonly body: Uint8Array;
    }
  /** What the server knows of the model that the body names. */
  | { readonly operation: 'model'; readonly body: Uint8Array }
  /** The list of models. */
  | { readonly operation: 'models' };

/** The parts of a call that are the same for every request to an endpoint. */
interface Prepared {
  readonly origin: string;
  readonly basePath: string;
  readonly form: DialectForm;
  /** Whether the host is itself an address that is refused; a name is looked at when it is resolved. */
  readonly isRefused: boolean;
  /** Flat, as the HTTP client takes them. */
  readonly headers: readonly string[];
  /** The names of those that the operator set: they replace all others. */
  readonly own: ReadonlySet<string>;
}

const prepared = new WeakMap<Endpoint, Prepared>();

/** Whether the base URL names an address at which no provider is called, whatever the way there. */
export function isRefusedEndpoint(endpoint: Endpoint): boolean {
  return prepare(endpoint).isRefused;
}

/**
 * An HTTP request for the client: the endpoint's URL and headers, what its dialect lets through of the client's, the
 * headers of its credential, and no content coding, since answers are relayed as they come; a server that compresses all
 * the same is understood.
 */
export function composeCall(endpoint: Endpoint, call: UpstreamCall, credential: CredentialHeaders): ComposedCall {
  const { origin, basePath, form, headers: fixed, own } = prepare(endpoint);
  const headers = [...fixed, ...credential];
  const path = basePath + pathOf(form, call);
  if (call.operation === 'models') {
    headers.push(...without(own, form.headers).flat());
    return { origin, path, method: 'GET', headers, body: null };
  }
  headers.push('content-type', 'application/json');
  if (call.operation === 'model') {
    headers.push(...without(own, form.headers).flat());
    return { origin, path, method: 'POST', headers, body: call.body };
  }
  headers.push(...without(own, call.headers).flat());
  pushPassed(headers, endpoint, own, call.client.headers);
  const query = form.passesQuery ? asQuery(call.client.query) : '';
  return { origin, path: path + query, method: 'POST', headers, body: call.body };
}

function prepare(endpoint: Endpoint): Prepared {
  const known = prepared.get(endpoint);
  if (known !== undefined) return known;
  const { origin, pathname, hostname } = new URL(endpoint.baseUrl);
  const made = {
    origin,
    basePath: pathname.replace(/\/+$/u, ''),
    form: endpoint.form,
    isRefused: isMetadataAddress(hostname),
    headers: ['accept-encoding', 'identity', ...endpoint.headers.flatMap(([name, value]) => [name, revealed(value)])],
    own: new Set(endpoint.headers.map(([name]) => name)),
  };
  prepared.set(endpoint, made);
  return made;
}

function revealed(value: string | Secret): string {
  return typeof value === 'string' ? value : value.reveal();
}

function pathOf(form: DialectForm, call: UpstreamCall): string {
  const path = requestPath(form, call);
  if (path === undefined) throw new Error(`The dialect has no request for ${call.operation}.`);
  return path;
}

function without(own: ReadonlySet<string>, headers: HeaderList): HeaderList {
  return own.size === 0 ? headers : headers.filter(([name]) => !own.has(name));
}

/** The client's headers that pass, and those of the dialect's own that it did not send. */
function pushPassed(
  headers: string[],
  { form, withheldHeaders }: Endpoint,
  own: ReadonlySet<string>,
  client: HeaderList,
): void {
  const sent = new Set<string>(own);
  for (const [name, value] of form.clientHeaders === undefined ? [] : client) {
    if (form.clientHeaders?.test(name) !== true || withheldHeaders.includes(name) || own.has(name)) continue;
    headers.push(name, value);
    sent.add(name);
  }
  for (const [name, value] of form.headers) if (!sent.has(name)) headers.push(name, value);
}

/** A client's query with everything escaped that a URL may not hold. */
function asQuery(query: string): string {
  return /^(?:\?[\w=&.%-]*)?$/u.test(query) ? query : new URL(query, 'http://escaped').search;
}
