import { GatewayError } from '@ccg/kernel';
import type { Target } from '@ccg/catalog';
import { createTranslation } from '@ccg/translation';
import type { Translation } from '@ccg/translation';
import { callErrorToGatewayError, passesQuery, requestHeaders, UpstreamCallError } from '@ccg/upstream';
import type { UpstreamResponse } from '@ccg/upstream';
import type { Envelope } from '@ccg/wire';
import type { Facts, Outcome } from './outcome.ts';
import { relayJson } from './relay-json.ts';
import { relayStream } from './relay-stream.ts';
import type { ServeDependencies, ServeRequest } from './serve.ts';
import type { ResponseSink } from './sink.ts';

export interface AttemptContext {
  readonly request: ServeRequest;
  readonly envelope: Envelope;
  readonly target: Target;
  readonly dependencies: ServeDependencies;
  readonly sink: ResponseSink;
  readonly facts: Facts;
}

const errorBodyMaxBytes = 1024 * 1024;

/** One try against one provider. Throws `GatewayError` while the client can still be given a status. */
export async function attempt(context: AttemptContext): Promise<Outcome> {
  const { envelope, sink, facts, target } = context;
  const translation = createTranslation({
    envelope,
    target,
    requestedModel: envelope.model,
    maxOutputTokens: context.dependencies.catalog.maxOutputTokens,
    ids: context.dependencies.ids,
    sealer: context.dependencies.sealing.for({
      tenant: context.request.principal.tenant,
      provider: target.provider.name,
      model: target.model,
    }),
    estimatedInputTokens: undefined,
    refusedFields: new Set(),
  });
  facts.warnings = translation.request.warnings;
  const call = new AbortController();
  const follow = () => {
    call.abort(sink.signal.reason);
  };
  sink.signal.addEventListener('abort', follow, { once: true });
  if (sink.signal.aborted) follow();
  try {
    const response = await send(context, translation, call.signal);
    facts.upstreamStatus = response.status;
    facts.upstreamRequestId = header(response, 'request-id') ?? header(response, 'x-request-id');
    if (response.status < 200 || response.status > 299) throw await refusal(response, translation, facts);
    return envelope.stream
      ? await relayStream(context, translation, response, call)
      : await relayJson(context, translation, response);
  } catch (thrown) {
    throw thrown instanceof UpstreamCallError ? callErrorToGatewayError(thrown, target.provider.name) : thrown;
  } finally {
    sink.signal.removeEventListener('abort', follow);
  }
}

/** A connection that failed before any byte of an answer is tried once more; an HTTP answer is an answer. */
async function send(context: AttemptContext, translation: Translation, signal: AbortSignal): Promise<UpstreamResponse> {
  const { request, target, dependencies, facts } = context;
  const { provider } = target;
  const query = passesQuery(provider) ? request.query : '';
  const call = {
    method: 'POST' as const,
    url: provider.baseUrl + translation.request.path + query,
    headers: requestHeaders(provider, request.headers, translation.request.headers),
    body: translation.request.body,
    signal,
  };
  facts.attempts += 1;
  try {
    return await dependencies.upstream.send(call);
  } catch (thrown) {
    if (!(thrown instanceof UpstreamCallError) || thrown.kind !== 'unreachable') throw thrown;
    facts.attempts += 1;
    return await dependencies.upstream.send(call);
  }
}

async function refusal(response: UpstreamResponse, translation: Translation, facts: Facts): Promise<GatewayError> {
  const body = await response.body.collect(errorBodyMaxBytes);
  const { status, headers } = response;
  const { error } = translation.failure(
    { status, headers, body },
    { estimatedTokens: undefined, windowTokens: undefined },
  );
  const upstreamRequestId = facts.upstreamRequestId;
  if (upstreamRequestId === undefined) return error;
  return new GatewayError(error.code, error.publicMessage, {
    status: error.status,
    type: error.type,
    retry: error.retry,
    headers: { ...error.headers, 'x-upstream-request-id': upstreamRequestId },
    ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
  });
}

function header(response: UpstreamResponse, name: string): string | undefined {
  return response.headers.find(([key]) => key === name)?.[1];
}
