import type { Catalog } from './build-catalog.ts';
import type { ModelLimits } from './model-limits.ts';
import { discoveryPrefix, parseRequestedModel } from './model-names.ts';
import { claudeTier, mapName } from './resolve-route.ts';
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

/** Where names go, for whoever starts the gateway: what clients ask for → what is asked of which provider. */
export function describeRoutes({ big, small, preferred }: Catalog): Readonly<Record<string, string>> {
  const unchanged =
    preferred === undefined ? 'no provider; name one, such as /ollama:{model}' : `${preferred.name}, name unchanged`;
  return {
    haiku: small === undefined ? unchanged : targetKey(small),
    'sonnet, opus, claude': big === undefined ? unchanged : targetKey(big),
    'other names': unchanged,
  };
}

/**
 * The model behind an id that messages accept: one of the list, any that chooses a provider, a Claude name, and a name
 * that the preferred provider is known to serve. Undefined for the rest.
 */
export function findModel(catalog: Catalog, targets: Targets, id: string): ListedModel | undefined {
  const named = parseRequestedModel(id, catalog.providers);
  if (named.kind === 'target') return describe(id, named, targets);
  if (named.kind !== 'bare' || id === '') return undefined;
  const reference = mapName(catalog, id);
  if (reference === undefined) return undefined;
  const isKnown = claudeTier(id) !== undefined || isConfigured(reference, catalog) || targets.isListed(reference);
  return isKnown ? describe(id, reference, targets) : undefined;
}

function isConfigured(reference: ModelReference, { big, small }: Catalog): boolean {
  const key = targetKey(reference);
  return [big, small].some((mapped) => mapped !== undefined && targetKey(mapped) === key);
}

function describe(id: string, reference: ModelReference, targets: Targets): ListedModel {
  const { model, provider, limits } = targets.of(reference);
  return { id, displayName: `${model} (${provider.name})`, ...limits };
}
