import type { Catalog } from './build-catalog.ts';
import type { ModelLimits } from './model-limits.ts';
import { discoveryPrefix } from './resolve-route.ts';
import { targetKey } from './targets.ts';
import type { ModelReference, Targets } from './targets.ts';

/** One model of the list, before it is put into Anthropic's shape. */
export interface ListedModel extends ModelLimits {
  /** Accepted as `model` of a request body, and then means exactly this model. */
  readonly id: string;
  readonly displayName: string;
}

/** The models that the configuration names, each once. */
export function listModels(catalog: Catalog, targets: Targets): ListedModel[] {
  const references = [catalog.big, catalog.small].filter((reference) => reference !== undefined);
  const byId = new Map(references.map((reference) => [discoveryPrefix + targetKey(reference), reference]));
  return [...byId].map(([id, reference]) => describe(id, reference, targets));
}

/** One model of the list, or any other id that chooses a configured provider itself; undefined for the rest. */
export function findModel(catalog: Catalog, targets: Targets, id: string): ListedModel | undefined {
  const listed = listModels(catalog, targets).find((model) => model.id === id);
  if (listed !== undefined) return listed;
  const reference = id.startsWith(discoveryPrefix) ? id.slice(discoveryPrefix.length) : id;
  const colon = reference.indexOf(':');
  const provider = catalog.providers.get(reference.slice(0, Math.max(0, colon)));
  const model = reference.slice(colon + 1);
  return provider === undefined || model === '' ? undefined : describe(id, { provider, model }, targets);
}

function describe(id: string, reference: ModelReference, targets: Targets): ListedModel {
  const { model, provider, limits } = targets.of(reference);
  return { id, displayName: `${model} (${provider.name})`, ...limits };
}
