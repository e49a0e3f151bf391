import { createTranslation } from '@ccg/translation';
import type { Translation } from '@ccg/translation';
import type { AttemptContext } from './attempt-context.ts';
import type { Refused } from './refusals.ts';

/** The request in the dialect of its target. */
export function translate(
  { envelope, target, dependencies, request }: AttemptContext,
  estimatedInputTokens: number | undefined,
  refused: Refused,
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
    refusedFields: refused.fields,
    learnedLimits: refused.limits,
  });
}
