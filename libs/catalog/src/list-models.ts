import type { Catalog } from './catalog.ts';

/** One model of the list, before it is put into Anthropic's shape. */
export interface ListedModel {
  /** Accepted as `model` of a request body. */
  readonly id: string;
  readonly displayName: string;
}

/** The models that the configuration names, each once. */
export function listModels(catalog: Catalog): ListedModel[] {
  const named = [catalog.big, catalog.small].filter((target) => target !== undefined);
  const ids = new Map(named.map((target) => [`${target.provider.name}:${target.model}`, target]));
  return [...ids].map(([id, target]) => ({ id, displayName: `${target.model} (${target.provider.name})` }));
}
