import { assertNever, GatewayError } from '@ccg/kernel';
import type { Catalog } from './build-catalog.ts';
import { findNamed } from './known-providers.ts';
import { discoveryPrefix, parseRequestedModel } from './model-names.ts';
import { findEntry, referenceTo } from './model-table.ts';
import type { ModelTable } from './model-table.ts';
import type { ModelReference, Target, Targets } from './targets.ts';

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
  const provider = findNamed(catalog.providers, prefix.provider);
  const place = 'of the URL';
  if (provider === undefined) throw providerUnknown(prefix.provider, place, 'Use /{provider}:{model}', catalog);
  if (prefix.model === '') throw modelMissing(prefix.provider, place);
  return { provider, model: prefix.model };
}

/**
 * Maps the model of a request body: an explicit `{provider}:{model}` and an id of the models list first, then the
 * operator's table of models, and every other name unchanged.
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
      return mapName(catalog, requested) ?? unmapped(requested, catalog);
    default:
      return assertNever(named);
  }
}

/** Where a name goes that chooses no provider; undefined where no provider is configured for it. */
export function mapName({ models, preferred }: Catalog, requested: string): ModelReference | undefined {
  const entry = findEntry(models, listedAlias(models, requested) ?? requested);
  if (entry !== undefined) return referenceTo(entry, requested);
  return preferred === undefined ? undefined : { provider: preferred, model: requested };
}

/** The entry that an id of the list of models stands for: those without `claude` in their names are listed with it. */
export function listedAlias({ exact }: ModelTable, requested: string): string | undefined {
  if (!requested.startsWith(discoveryPrefix)) return undefined;
  return exact.get(requested.slice(discoveryPrefix.length).toLowerCase())?.name;
}

function providerUnknown(name: string, place: string, use: string, { providers }: Catalog): GatewayError {
  const configured = [...providers.keys()].join(', ');
  return new GatewayError(
    'provider-unknown',
    `The provider "${name}" ${place} is not configured here. Configured: ${configured}. ${use} with one of these.`,
  );
}

function unmapped(requested: string, { providers }: Catalog): never {
  const [name = ''] = providers.keys();
  throw new GatewayError(
    'model-unknown',
    `No provider is configured for the model "${requested}". Add /${name}:{model} to the base URL, or configure a provider.`,
  );
}

function modelMissing(name: string, place: string): GatewayError {
  return new GatewayError(
    'model-unknown',
    `The provider "${name}" ${place} has no model behind it. Write ${name}:{model}.`,
  );
}
