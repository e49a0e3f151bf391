import { assertNever, GatewayError } from '@ccg/kernel';
import type { Catalog } from './build-catalog.ts';
import { aliasOf, findNamed } from './known-providers.ts';
import { discoveryPrefix, parseRequestedModel } from './model-names.ts';
import { exactEntry, findEntry, referenceTo } from './model-table.ts';
import type { ModelTable } from './model-table.ts';
import { withoutWindowSuffix } from './targets.ts';
import type { ModelReference, Target, Targets } from './targets.ts';

/** What a requested model resolved to; targets are tried in order. */
export interface Route {
  /** As the client asked for it: answers carry this name. */
  readonly requestedModel: string;
  readonly chosen: Chosen;
  readonly targets: readonly [Target, ...Target[]];
}

/** What a client chose: a target itself, or a name that the operator's table of models maps. */
type Chosen = { readonly kind: 'target' } | { readonly kind: 'name'; readonly name: string };

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
  const { reference, chosen } = referenceOf(catalog, request);
  return { requestedModel, chosen, targets: [targets.of(reference)] };
}

/** All names of a target: a provider answers to its other name too, unless that is another provider's. */
export function namesOfTarget({ providers }: Catalog, { provider, model, key }: Target): readonly string[] {
  const alias = aliasOf(provider.name);
  return alias === undefined || providers.has(alias) ? [key] : [key, `${alias}:${model}`];
}

interface Mapped {
  readonly reference: ModelReference;
  readonly chosen: Chosen;
}

const targetChosen: Chosen = { kind: 'target' };

function referenceOf(catalog: Catalog, { model, prefix }: RouteRequest): Mapped {
  if (prefix === undefined) return mapModel(catalog, model);
  const provider = findNamed(catalog.providers, prefix.provider);
  const place = 'of the URL';
  if (provider === undefined) throw providerUnknown(prefix.provider, place, 'Use /{provider}:{model}', catalog);
  if (prefix.model === '') throw modelMissing(prefix.provider, place);
  return { reference: { provider, model: prefix.model }, chosen: targetChosen };
}

/**
 * Maps the model of a request body: an explicit `{provider}:{model}` and an id of the models list first, then the
 * operator's table of models, and every other name unchanged.
 */
function mapModel(catalog: Catalog, requested: string): Mapped {
  const named = parseRequestedModel(requested, catalog.providers);
  const place = 'of the field "model"';
  switch (named.kind) {
    case 'target':
      return { reference: named, chosen: targetChosen };
    case 'unconfigured':
      throw providerUnknown(named.name, place, 'Use {provider}:{model}', catalog);
    case 'no-model':
      throw modelMissing(named.name, place);
    case 'bare':
      return {
        reference: mapName(catalog, requested) ?? unmapped(requested, catalog),
        chosen: { kind: 'name', name: listedAlias(catalog.models, requested) ?? entryName(catalog.models, requested) },
      };
    default:
      return assertNever(named);
  }
}

/** The name that the table has for a requested one: a suffix that asks for a larger window is no part of it. */
function entryName(table: ModelTable, requested: string): string {
  const plain = withoutWindowSuffix(requested);
  const isOwn = table.exact.has(requested.toLowerCase()) || exactEntry(table, requested) === undefined;
  return isOwn ? requested : plain;
}

/** Where a name goes that chooses no provider; undefined where no provider is configured for it. */
export function mapName({ models, preferred }: Catalog, requested: string): ModelReference | undefined {
  const entry = findEntry(models, listedAlias(models, requested) ?? requested);
  if (entry !== undefined) return referenceTo(entry, requested);
  return preferred === undefined ? undefined : { provider: preferred, model: requested };
}

/** The entry that an id of the list of models stands for: those without `claude` in their names are listed with it. */
export function listedAlias(table: ModelTable, requested: string): string | undefined {
  if (!requested.startsWith(discoveryPrefix)) return undefined;
  return exactEntry(table, requested.slice(discoveryPrefix.length))?.name;
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
