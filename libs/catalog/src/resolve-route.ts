import { GatewayError } from '@ccg/kernel';
import { mapModel } from './map-model.ts';
import type { Catalog } from './catalog.ts';
import type { Target, Targets } from './targets.ts';

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
