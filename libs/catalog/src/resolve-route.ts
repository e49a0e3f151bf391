import { GatewayError } from '@ccg/kernel';
import type { Catalog } from './build-catalog.ts';
import type { Provider } from './provider.ts';
import type { ModelReference, Target, Targets } from './targets.ts';

/** Claude Code's discovery keeps only ids with `claude` or `anthropic` in them, so every listed id begins with it. */
export const discoveryPrefix = 'claude-via-';

/** What a requested model resolved to; targets are tried in order. */
export interface Route {
  /** As the client asked for it: answers carry this name. */
  readonly requestedModel: string;
  readonly targets: readonly [Target, ...Target[]];
}

/** What a request says about where it wants to go. */
export interface RouteRequest {
  /** The body's `model`. */
  readonly model: string;
  /** The `{provider}:{model}` of the URL, which overrides the body. */
  readonly prefix: { readonly provider: string; readonly model: string } | undefined;
}

/**
 * Decides which provider and model serve a request. A URL can only choose among the configured providers,
 * never a host.
 *
 * @throws GatewayError `provider-unknown` for a prefix that names no configured provider.
 */
export function resolveRoute(catalog: Catalog, targets: Targets, request: RouteRequest): Route {
  const { model: requestedModel, prefix } = request;
  if (prefix === undefined) return { requestedModel, targets: [targets.of(mapModel(catalog, requestedModel))] };
  const provider = catalog.providers.get(prefix.provider);
  if (provider === undefined) {
    const configured = [...catalog.providers.keys()].join(', ');
    throw new GatewayError(
      'provider-unknown',
      `The provider "${prefix.provider}" of the URL is not configured here; configured: ${configured}. Use /{provider}:{model}/v1/messages with one of these.`,
    );
  }
  return { requestedModel, targets: [targets.of({ provider, model: prefix.model })] };
}

/**
 * Maps the model of a request body: an explicit `{provider}:{model}` and an id of the models list first, then
 * haiku → small and sonnet, opus and other Claude names → big in any case, and every other name unchanged.
 */
function mapModel(catalog: Catalog, requested: string): ModelReference {
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

/**
 * Reads `{provider}:{model}` where the text before the first colon is a configured provider; any other text is
 * the name of a model of the fallback provider as it stands, because models have colons of their own.
 */
export function parseModelReference(
  text: string,
  providers: ReadonlyMap<string, Provider>,
  fallback: Provider,
): ModelReference {
  const colon = text.indexOf(':');
  const provider = colon > 0 ? providers.get(text.slice(0, colon)) : undefined;
  const model = text.slice(colon + 1);
  if (provider === undefined || model === '') return { provider: fallback, model: text };
  return { provider, model };
}
