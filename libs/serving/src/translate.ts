import { createTranslation } from '@ccg/translation';
import type { ModelLimits } from '@ccg/catalog';
import type { Translation } from '@ccg/translation';
import type { AttemptContext } from './attempt-context.ts';
import type { Rejections } from './rejected-parameters.ts';

/** The request in the dialect of its target. */
export function translate(
  { messagesRequest, tools, target, dependencies, request }: AttemptContext,
  estimatedInputTokens: number | undefined,
  rejected: Rejections,
): Translation {
  return createTranslation({
    messagesRequest,
    tools,
    toolListCache: dependencies.toolListCache,
    target,
    requestedModel: messagesRequest.model,
    maxOutputTokens: dependencies.catalog.maxOutputTokens,
    limits: limitsOf(target.limits, rejected),
    ids: dependencies.ids,
    sealer: dependencies.sealing.for({
      tenant: request.principal.tenant,
      provider: target.provider.name,
      model: target.model,
    }),
    estimatedInputTokens,
    rejectedFields: rejected.fields,
  });
}

/** What the server said when it refused more goes before what is known of the model. */
function limitsOf(known: ModelLimits, { limits: told }: Rejections): ModelLimits {
  return {
    contextTokens: told.contextTokens ?? known.contextTokens,
    outputTokens: told.outputTokens ?? known.outputTokens,
  };
}
