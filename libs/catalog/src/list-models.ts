import type { Catalog } from './catalog.ts';
import type { ModelLimitRegistry } from './create-model-limit-registry.ts';
import type { ModelLimits } from './model-limits.ts';
import type { Target } from './provider.ts';

/** One model of the list, before it is put into Anthropic's shape. */
export interface ListedModel extends ModelLimits {
  /** Accepted as `model` of a request body, and then means exactly this model. */
  readonly id: string;
  readonly displayName: string;
}

/** Claude Code's discovery keeps only ids with `claude` or `anthropic` in them, so every listed id begins with it. */
export const discoveryPrefix = 'claude-via-';

/** The models that the configuration names, each once. */
export function listModels(catalog: Catalog, limits: ModelLimitRegistry): ListedModel[] {
  const targets = [catalog.big, catalog.small].filter((target) => target !== undefined);
  const byId = new Map(targets.map((target) => [listedId(target), target]));
  return [...byId].map(([id, target]) => describe(id, target, limits));
}

/** One model of the list, or any other id that chooses a configured provider itself; undefined for the rest. */
export function findModel(catalog: Catalog, limits: ModelLimitRegistry, id: string): ListedModel | undefined {
  const listed = listModels(catalog, limits).find((model) => model.id === id);
  if (listed !== undefined) return listed;
  const reference = id.startsWith(discoveryPrefix) ? id.slice(discoveryPrefix.length) : id;
  const colon = reference.indexOf(':');
  const provider = catalog.providers.get(reference.slice(0, Math.max(0, colon)));
  const model = reference.slice(colon + 1);
  return provider === undefined || model === '' ? undefined : describe(id, { provider, model }, limits);
}

function listedId({ provider, model }: Target): string {
  return `${discoveryPrefix}${provider.name}:${model}`;
}

function describe(id: string, target: Target, limits: ModelLimitRegistry): ListedModel {
  return { id, displayName: `${target.model} (${target.provider.name})`, ...limits.of(target) };
}
