import type { Catalog } from './build-catalog.ts';
import type { ModelLimits } from './model-limits.ts';
import { discoveryPrefix, parseRequestedModel } from './model-names.ts';
import { describeEntry, findEntry, referenceTo } from './model-table.ts';
import { isPattern } from './name-table.ts';
import { priceOf } from './prices/price-table.ts';
import { listedAlias, mapName } from './resolve-route.ts';
import { targetKey } from './targets.ts';
import type { ModelReference, Targets } from './targets.ts';

/** One model of the list, before it is put into Anthropic's shape. */
export interface ListedModel extends ModelLimits {
  /** Accepted as `model` of a request body, and then means exactly this model. */
  readonly id: string;
  readonly displayName: string;
}

/**
 * The models that the configuration names: every alias under its own name, and the models behind patterns. What has no
 * `claude` in its name is there under an id that has, too: Claude Code's model picker takes no other.
 */
export function listModels({ models }: Catalog, targets: Targets): ListedModel[] {
  const listed = models.entries.flatMap((entry) => {
    if (isPattern(entry.name)) {
      const { model, displayName } = entry;
      if (model === undefined) return [];
      const reference = referenceTo(entry, model);
      return [describe(discoveryPrefix + targetKey(reference), reference, targets, displayName)];
    }
    const { name } = entry;
    const ids = /claude|anthropic/iu.test(name) ? [name] : [name, discoveryPrefix + name];
    return ids.map((id) => describe(id, referenceTo(entry, name), targets, entry.displayName ?? name));
  });
  return [...new Map(listed.map((model) => [model.id, model])).values()];
}

/** Where names go, for whoever starts the gateway: what clients ask for → what is asked of which provider. */
export function describeRoutes({ models, preferred }: Catalog): Readonly<Record<string, string>> {
  const namesByTarget = new Map<string, string[]>();
  for (const entry of models.entries) {
    const target = describeEntry(entry);
    namesByTarget.set(target, [...(namesByTarget.get(target) ?? []), entry.name]);
  }
  const routes = [...namesByTarget].map(([target, names]) => [names.join(', '), target]);
  const unchanged =
    preferred === undefined ? 'no provider; name one, such as /ollama:{model}' : `${preferred.name}, name unchanged`;
  const others = models.entries.some(({ name }) => name === '*');
  return Object.fromEntries(others ? routes : [...routes, ['other names', unchanged]]);
}

/** What providers are asked for by the configuration. */
export function configuredModels({ models }: Catalog): readonly string[] {
  const named = models.entries.flatMap(({ name, model }) => model ?? (isPattern(name) ? [] : [name]));
  return [...new Set(named)];
}

/** The configured targets of which nobody stated a price, so that they cost the highest of all. */
export function unpricedTargets({ models, prices }: Catalog): readonly string[] {
  const named = models.entries.flatMap((entry) => (entry.model === undefined ? [] : [referenceTo(entry, entry.model)]));
  const unpriced = named.filter(({ provider, model }) => priceOf(prices, provider.name, model).basis === 'highest');
  return [...new Set(unpriced.map(targetKey))];
}

/**
 * The model behind an id that messages accept: one of the list, any that chooses a provider, a Claude name, and a name
 * that its provider is known to serve. Undefined for the rest.
 */
export function findModel(catalog: Catalog, targets: Targets, id: string): ListedModel | undefined {
  const named = parseRequestedModel(id, catalog.providers);
  if (named.kind === 'target') return describe(id, named, targets);
  if (named.kind !== 'bare' || id === '') return undefined;
  const alias = listedAlias(catalog.models, id);
  const entry = findEntry(catalog.models, alias ?? id);
  const reference = mapName(catalog, id);
  if (reference === undefined) return undefined;
  const isKnown =
    (entry !== undefined && (entry.model !== undefined || !isPattern(entry.name))) ||
    isClaudeName(id, reference) ||
    isConfigured(reference, catalog) ||
    targets.isListed(reference);
  return isKnown ? describe(id, reference, targets, entry?.displayName ?? alias) : undefined;
}

function isClaudeName(id: string, { provider }: ModelReference): boolean {
  return provider.endpoint.form.knowsClaude && /haiku|sonnet|opus|claude/iu.test(id);
}

function isConfigured(reference: ModelReference, { models }: Catalog): boolean {
  const key = targetKey(reference);
  return models.entries.some((entry) => entry.model !== undefined && targetKey(referenceTo(entry, '')) === key);
}

function describe(id: string, reference: ModelReference, targets: Targets, displayName?: string): ListedModel {
  const { model, provider, limits } = targets.of(reference);
  return { id, displayName: displayName ?? `${model} (${provider.name})`, ...limits };
}
