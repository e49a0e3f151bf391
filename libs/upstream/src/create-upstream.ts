import { errors } from 'undici';
import type { Dispatcher } from 'undici';
import type { Endpoint } from '@ccg/catalog';
import { systemClock } from '@ccg/kernel';
import type { HeaderList } from '@ccg/wire';
import { UpstreamCallError } from './call-error.ts';
import type { CallFailureKind } from './call-error.ts';
import { createDispatcher } from './create-dispatcher.ts';
import { createCredentials } from './credentials.ts';
import type { CredentialHeaders } from './credentials.ts';
import { fetchThrough } from './fetch-through.ts';
import { composeCall, isRefusedEndpoint } from './compose-call.ts';
import type { UpstreamCall } from './compose-call.ts';
import { handOverBody } from './hand-over-body.ts';
import { endSilence } from './end-silence.ts';
import type { SilenceTimes } from './end-silence.ts';
import { inflateBody, inflateUnlabelled, readCodings } from './inflate-body.ts';
import type { ComposedCall } from './hand-over-body.ts';
import { failedSocketOf } from './failed-sockets.ts';
import { BodyFeed } from './response-body.ts';
import type { UpstreamBody } from './response-body.ts';
import type { UpstreamOptions } from './upstream-options.ts';

export interface UpstreamResponse {
  readonly status: number;
  /** Lower-case names; of a repeated header all values, in order. */
  readonly headers: HeaderList;
  readonly body: UpstreamBody;
}

/** A target or a provider. */
interface Callable {
  readonly endpoint: Endpoint;
}

export interface Upstream {
  /**
   * Calls a target, or a provider for its list of models. Resolves with the head of the answer, whatever its status.
   * Rejects with `UpstreamCallError`.
   */
  call(target: Callable, call: UpstreamCall, signal: AbortSignal): Promise<UpstreamResponse>;
  /** Gets the credential of a provider ready, before a request needs it. Rejects with `UpstreamCallError`. */
  prepareCredential(provider: Callable): Promise<void>;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

/** The HTTP client for all providers: one pool of HTTP/1.1 connections per origin, no redirects. Compressed answers are inflated. */
export function createUpstream(options: UpstreamOptions): Upstream {
  // A pool has one time for opening connections, so a provider with a time of its own has pools of its own.
  const dispatchers = new Map<number, Dispatcher>();
  const dispatcherOf = ({ connectMs }: Pick<Times, 'connectMs'>) => {
    const dispatcher = dispatchers.get(connectMs) ?? createDispatcher({ ...options, connectTimeoutMs: connectMs });
    dispatchers.set(connectMs, dispatcher);
    return dispatcher;
  };
  const fetch = fetchThrough(() => dispatcherOf({ connectMs: options.connectTimeoutMs }));
  const credentials = createCredentials({ clock: options.clock ?? systemClock, fetch });
  return {
    call({ endpoint }, call, signal) {
      if (isRefusedEndpoint(endpoint)) return Promise.reject(new UpstreamCallError('refused-address'));
      const times = timesOf(endpoint, options);
      const dispatcher = dispatcherOf(times);
      const ask = (headers: CredentialHeaders) => send(dispatcher, composeCall(endpoint, call, headers), signal, times);
      return credentials.ask(endpoint, ask, signal);
    },
    prepareCredential: ({ endpoint }) => credentials.prepare(endpoint),
    async close() {
      credentials.close();
      await Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.destroy()));
    },
  };
}

/** How long is waited for a provider, to be told when it was too long. */
interface Times extends SilenceTimes {
  readonly connectMs: number;
  /** Whether silence is the operator's own matter for this provider, or is left to the HTTP client. */
  readonly isOwn: boolean;
}

/** A server that works in silence may do so for as long as it may take to begin. */
function timesOf({ form, timeouts }: Endpoint, options: UpstreamOptions): Times {
  const { connectMs, firstEventMs, idleMs } = timeouts;
  const silenceMs = form.worksInSilence ? (firstEventMs ?? options.firstByteTimeoutMs) : options.idleTimeoutMs;
  return {
    connectMs: connectMs ?? options.connectTimeoutMs,
    firstEventMs: firstEventMs ?? options.firstByteTimeoutMs,
    idleMs: idleMs ?? silenceMs,
    isOwn: firstEventMs !== undefined || idleMs !== undefined,
  };
}

function send(
  dispatcher: Dispatcher,
  call: ComposedCall,
  signal: AbortSignal,
  times: Times,
): Promise<UpstreamResponse> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new UpstreamCallError('aborted', signal.reason));
      return;
    }
    const handler = createHandler(signal, times, resolve, reject);
    const handed = handOverBody(call);
    if (times.isOwn) dispatcher.dispatch({ ...handed, headersTimeout: 0, bodyTimeout: 0 }, endSilence(handler, times));
    else dispatcher.dispatch({ ...handed, bodyTimeout: times.idleMs }, handler);
  });
}

function createHandler(
  signal: AbortSignal,
  times: Times,
  resolve: (response: UpstreamResponse) => void,
  reject: (error: Error) => void,
): Dispatcher.DispatchHandler {
  let feed: BodyFeed | undefined;
  let abort: (() => void) | undefined;
  let reached: Progress['reached'] = 'nothing';
  let sentAtMs = Infinity;
  const done = () => {
    if (abort !== undefined) signal.removeEventListener('abort', abort);
  };
  return {
    onRequestStart(controller) {
      reached = 'connection';
      abort = () => {
        controller.abort(new UpstreamCallError('aborted', signal.reason));
      };
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
    },
    onRequestSent() {
      reached = 'sent';
      sentAtMs = performance.now();
    },
    onResponseStarted() {
      reached = 'answer';
    },
    onResponseStart(controller, status, headers) {
      if (status < 200) return;
      feed = new BodyFeed(controller);
      resolve(readableResponse(status, headerList(headers), feed));
    },
    onResponseData(_controller, chunk) {
      feed?.push(chunk);
    },
    onResponseEnd() {
      done();
      feed?.end();
    },
    onResponseError(_controller, error) {
      done();
      const failure = classifyError(error, { reached, isAnswered: feed !== undefined, sentAtMs }, times);
      if (feed === undefined) reject(failure);
      else feed.fail(failure);
    },
  };
}

/** An answer as it came, or inflated: nobody above sees that a body was compressed. */
export function readableResponse(status: number, headers: HeaderList, body: UpstreamBody): UpstreamResponse {
  const codings = readCodings(headers);
  if (codings.kind === 'plain') return { status, headers, body: inflateUnlabelled(body) };
  const kept = headers.filter(([name]) => name !== 'content-encoding' && name !== 'content-length');
  const readable = codings.kind === 'coded' ? inflateBody(body, codings.codings) : unreadableBody(status, body);
  return { status, headers: kept, body: readable };
}

/** A status that is an error says enough without its body. */
function unreadableBody(status: number, body: UpstreamBody): UpstreamBody {
  const isError = status >= 300;
  const end = async () => {
    body.abort();
    if (!isError) throw new UpstreamCallError('unreadable-coding');
  };
  return {
    pipe: end,
    async collect() {
      await end();
      return new Uint8Array();
    },
    abort() {
      body.abort();
    },
  };
}

interface Progress {
  /** How far a call has come; `answer` is its first byte. */
  readonly reached: 'nothing' | 'connection' | 'sent' | 'answer';
  /** Whether its head was whole. */
  readonly isAnswered: boolean;
  readonly sentAtMs: number;
}

/** A server that closes an idle connection just as it is used again is noticed within one round trip. */
const staleMaxMs = 500;

function classifyError(error: Error, progress: Progress, times: Times): UpstreamCallError {
  if (error instanceof UpstreamCallError) return error;
  if (error instanceof errors.HeadersTimeoutError) {
    // Without a connection it is a proxy that did not open its tunnel.
    const waitedMs = progress.reached === 'nothing' ? times.connectMs : times.firstEventMs;
    return new UpstreamCallError('first-byte-timeout', error, waitedMs);
  }
  if (error instanceof errors.BodyTimeoutError) return new UpstreamCallError('idle-timeout', error, times.idleMs);
  return new UpstreamCallError(endOf(error, progress), error);
}

/** A request that the server may have processed is not sent again: it might be billed twice. */
function endOf(error: Error, { reached, isAnswered, sentAtMs }: Progress): CallFailureKind {
  if (isAnswered) return 'cut';
  if (error instanceof errors.HTTPParserError) return 'not-http';
  switch (reached) {
    case 'nothing':
    case 'connection':
      return 'unreachable';
    case 'sent': {
      const { bytesRead, unsentBytes } = failedSocketOf(error);
      // Nothing of this answer was read, so what was read belonged to an earlier one.
      const isStale = bytesRead > 0 && performance.now() - sentAtMs < staleMaxMs;
      return unsentBytes > 0 || isStale ? 'unreachable' : 'unanswered';
    }
    case 'answer':
      return 'cut';
  }
}

function headerList(headers: Record<string, string | string[] | undefined>): HeaderList {
  const list: (readonly [string, string])[] = [];
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (typeof value === 'string') list.push([name.toLowerCase(), value]);
    else for (const one of value ?? []) list.push([name.toLowerCase(), one]);
  }
  return list;
}
