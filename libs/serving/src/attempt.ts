import type { Target } from '@ccg/catalog';
import { createTranslation } from '@ccg/translation';
import type { Translation } from '@ccg/translation';
import { callErrorToGatewayError, UpstreamCallError } from '@ccg/upstream';
import type { Envelope } from '@ccg/wire';
import { callProvider } from './call-provider.ts';
import type { PromptEstimate } from './estimate-prompt.ts';
import type { Facts, Outcome } from './outcome.ts';
import { refusal } from './refusal.ts';
import { relayJson } from './relay-json.ts';
import { relayStream } from './relay-stream.ts';
import type { ServeDependencies, ServeRequest } from './serve.ts';
import type { ResponseSink } from './sink.ts';

export interface AttemptContext {
  readonly request: ServeRequest;
  readonly envelope: Envelope;
  readonly target: Target;
  readonly estimate: PromptEstimate;
  readonly dependencies: ServeDependencies;
  readonly sink: ResponseSink;
  readonly facts: Facts;
}

/** One try against one provider. Throws `GatewayError` while the client can still be given a status. */
export async function attempt(context: AttemptContext): Promise<Outcome> {
  const { envelope, sink, facts, target } = context;
  const translation = translate(context, await context.estimate.tokens());
  facts.warnings = translation.request.warnings;
  const call = new AbortController();
  const follow = () => {
    call.abort(sink.signal.reason);
  };
  sink.signal.addEventListener('abort', follow, { once: true });
  if (sink.signal.aborted) follow();
  try {
    const response = await callProvider(context, translation.request, call.signal);
    if (response.status < 200 || response.status > 299) throw await refusal(response, translation, context);
    return envelope.stream
      ? await relayStream(context, translation, response, call)
      : await relayJson(context, translation, response);
  } catch (thrown) {
    throw thrown instanceof UpstreamCallError ? callErrorToGatewayError(thrown, target.provider.name) : thrown;
  } finally {
    sink.signal.removeEventListener('abort', follow);
  }
}

/** The request in the dialect of its target. */
export function translate(
  { envelope, target, dependencies, request }: AttemptContext,
  estimatedInputTokens: number | undefined,
): Translation {
  return createTranslation({
    envelope,
    target,
    requestedModel: envelope.model,
    maxOutputTokens: dependencies.catalog.maxOutputTokens,
    ids: dependencies.ids,
    sealer: dependencies.sealing.for({
      tenant: request.principal.tenant,
      provider: target.provider.name,
      model: target.model,
    }),
    estimatedInputTokens,
    refusedFields: new Set(),
  });
}
