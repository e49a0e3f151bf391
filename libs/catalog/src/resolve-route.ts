import { assertNever, GatewayError } from '@ccg/kernel';
import type { Catalog } from './build-catalog.ts';
import { isProviderName } from './known-providers.ts';
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
 * Decides which provider and model serve a request. A client can only choose among the configured providers, never a
 * host, and a provider that it names is never replaced by another.
 *
 * @throws GatewayError `provider-unknown` where a provider is named that is not configured, `model-unknown` where no
 * model is named with it.
 */
export function resolveRoute(catalog: Catalog, targets: Targets, request: RouteRequest): Route {
  const { model: requestedModel } = request;
  return { requestedModel, targets: [targets.of(referenceOf(catalog, request))] };
}

function referenceOf(catalog: Catalog, { model, prefix }: RouteRequest): ModelReference {
  if (prefix === undefined) return mapModel(catalog, model);
  const provider = catalog.providers.get(prefix.provider);
  const place = 'of the URL';
  if (provider === undefined) throw providerUnknown(prefix.provider, place, 'Use /{provider}:{model}', catalog);
  if (prefix.model === '') throw modelMissing(prefix.provider, place);
  return { provider, model: prefix.model };
}

/**
 * Maps the model of a request body: an explicit `{provider}:{model}` and an id of the models list first, then
 * haiku → small and sonnet, opus and other Claude names → big in any case, and every other name unchanged.
 */
function mapModel(catalog: Catalog, requested: string): ModelReference {
  const named = parseRequestedModel(requested, catalog.providers);
  const place = 'of the field "model"';
  switch (named.kind) {
    case 'target':
      return named;
    case 'unconfigured':
      throw providerUnknown(named.name, place, 'Use {provider}:{model}', catalog);
    case 'no-model':
      throw modelMissing(named.name, place);
    case 'bare':
      return mapName(catalog, requested);
    default:
      return assertNever(named);
  }
}

/** Where a name goes that chooses no provider. */
export function mapName({ big, small, preferred }: Catalog, requested: string): ModelReference {
  const unchanged = { provider: preferred, model: requested };
  switch (claudeTier(requested)) {
    case 'small':
      return small ?? unchanged;
    case 'big':
      return big ?? unchanged;
    case undefined:
      return unchanged;
  }
}

/** Which of Claude's models a name stands for; undefined for the names of other models. */
export function claudeTier(requested: string): 'big' | 'small' | undefined {
  const name = requested.toLowerCase();
  if (name.includes('haiku')) return 'small';
  return /sonnet|opus|claude/u.test(name) ? 'big' : undefined;
}

type NamedModel =
  | ({ readonly kind: 'target' } & ModelReference)
  /** No provider is named: models have colons of their own. */
  | { readonly kind: 'bare' }
  | { readonly kind: 'unconfigured'; readonly name: string }
  | { readonly kind: 'no-model'; readonly name: string };

/** Reads `{provider}:{model}` where the text before the first colon is the name of a provider. */
export function parseModelReference(text: string, providers: ReadonlyMap<string, Provider>): NamedModel {
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(0, colon));
  const model = text.slice(colon + 1);
  const provider = providers.get(name);
  if (provider === undefined) return isProviderName(name) ? { kind: 'unconfigured', name } : { kind: 'bare' };
  return model === '' ? { kind: 'no-model', name } : { kind: 'target', provider, model };
}

/** The same for what a client asks for, which may be an id of the list of models. */
export function parseRequestedModel(text: string, providers: ReadonlyMap<string, Provider>): NamedModel {
  const isListed = text.startsWith(discoveryPrefix);
  return parseModelReference(isListed ? text.slice(discoveryPrefix.length) : text, providers);
}

function providerUnknown(name: string, place: string, use: string, { providers }: Catalog): GatewayError {
  const configured = [...providers.keys()].join(', ');
  return new GatewayError(
    'provider-unknown',
    `The provider "${name}" ${place} is not configured here. Configured: ${configured}. ${use} with one of these.`,
  );
}

function modelMissing(name: string, place: string): GatewayError {
  return new GatewayError(
    'model-unknown',
    `The provider "${name}" ${place} has no model behind it. Write ${name}:{model}.`,
  );
}
