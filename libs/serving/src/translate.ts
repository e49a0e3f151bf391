import { createTranslation } from '@ccg/translation';
import type { ModelLimits } from '@ccg/catalog';
import type { Translation } from '@ccg/translation';
import type { AttemptContext } from './attempt-context.ts';
import type { Refused } from './refusals.ts';

/** The request in the dialect of its target. */
export function translate(
  { envelope, tools, target, dependencies, request }: AttemptContext,
  estimatedInputTokens: number | undefined,
  refused: Refused,
): Translation {
  return createTranslation({
    envelope,
    tools,
    toolMemory: dependencies.toolMemory,
    target,
    requestedModel: envelope.model,
    maxOutputTokens: dependencies.catalog.maxOutputTokens,
    limits: limitsOf(dependencies.modelLimits.of(target), refused),
    ids: dependencies.ids,
    sealer: dependencies.sealing.for({
      tenant: request.principal.tenant,
      provider: target.provider.name,
      model: target.model,
    }),
    estimatedInputTokens,
    refusedFields: refused.fields,
  });
}

/** What the server said when it refused more goes before what is known of the model. */
function limitsOf(known: ModelLimits, { limits: told }: Refused): ModelLimits {
  return {
    contextTokens: told.contextTokens ?? known.contextTokens,
    outputTokens: told.outputTokens ?? known.outputTokens,
  };
}
