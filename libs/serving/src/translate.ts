import { modelLimits } from '@ccg/catalog';
import { createTranslation } from '@ccg/translation';
import type { Translation } from '@ccg/translation';
import type { AttemptContext } from './attempt-context.ts';

/** The request in the dialect of its target. */
export function translate(
  { envelope, target, dependencies, request }: AttemptContext,
  estimatedInputTokens: number | undefined,
  refusedFields: ReadonlySet<string>,
): Translation {
  return createTranslation({
    envelope,
    target,
    requestedModel: envelope.model,
    maxOutputTokens: dependencies.catalog.maxOutputTokens,
    limits: modelLimits(target.model),
    ids: dependencies.ids,
    sealer: dependencies.sealing.for({
      tenant: request.principal.tenant,
      provider: target.provider.name,
      model: target.model,
    }),
    estimatedInputTokens,
    refusedFields,
  });
}
