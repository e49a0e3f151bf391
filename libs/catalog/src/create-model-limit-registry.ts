import type { Catalog } from './catalog.ts';
import { modelLimits } from './model-limits.ts';
import type { ModelLimits } from './model-limits.ts';
import type { Target } from './provider.ts';

/** What is known of the limits of models, by everyone who knows something. */
export interface ModelLimitRegistry {
  of(target: Target): ModelLimits;
  /** Takes what a provider says of its models, in the place of what it said before. */
  learn(provider: string, limits: ReadonlyMap<string, ModelLimits>): void;
}

/**
 * The operator counts first, then the server's own list, since a server may be started with less than its model could
 * take, then what the model is known for by its name.
 */
export function createModelLimitRegistry({ windows }: Pick<Catalog, 'windows'>): ModelLimitRegistry {
  const learned = new Map<string, ReadonlyMap<string, ModelLimits>>();
  return {
    of({ provider, model }) {
      const set = windows.get(`${provider.name}:${model}`);
      const told = learned.get(provider.name)?.get(model);
      const known = modelLimits(model);
      return {
        contextTokens: set ?? told?.contextTokens ?? known.contextTokens,
        outputTokens: told?.outputTokens ?? known.outputTokens,
      };
    },
    learn(provider, limits) {
      learned.set(provider, limits);
    },
  };
}
