import { parseModelReference } from './model-reference.ts';
import type { Catalog } from './catalog.ts';
import { discoveryPrefix } from './list-models.ts';
import type { ModelReference } from './targets.ts';

/**
 * Maps the model of a request body: an explicit `{provider}:{model}` and an id of the models list first, then
 * haiku → small and sonnet, opus and other Claude names → big in any case, and every other name unchanged.
 */
export function mapModel(catalog: Catalog, requested: string): ModelReference {
  const target = parseModelReference(requested, catalog.providers, catalog.preferred);
  if (target.model !== requested) return target;
  if (requested.startsWith(discoveryPrefix)) {
    const reference = requested.slice(discoveryPrefix.length);
    const listed = parseModelReference(reference, catalog.providers, catalog.preferred);
    if (listed.model !== reference) return listed;
  }
  const name = requested.toLowerCase();
  if (name.includes('haiku')) return catalog.small ?? target;
  if (/sonnet|opus|claude/u.test(name)) return catalog.big ?? target;
  return target;
}
