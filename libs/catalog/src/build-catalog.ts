import { assertNever } from '@ccg/kernel';
import { anthropicProfileOf } from './capabilities/anthropic-capabilities.ts';
import { isOpenAiHost } from './capabilities/chat-platforms.ts';
import type { ModelOverride } from './capabilities/model-traits.ts';
import type { CatalogConfig, ProviderConfig } from './catalog-config.ts';
import { requestPath } from './dialects.ts';
import { aliasOf, findNamed, howToConfigure } from './known-providers.ts';
import { createProvider } from './provider.ts';
import type { Provider, ProviderSettings } from './provider.ts';
import { parseModelReference, parseRequestedModel } from './model-names.ts';
import { findEntry } from './model-table.ts';
import type { ModelEntry, ModelTable } from './model-table.ts';
import { createNameTable, isPattern } from './name-table.ts';
import { freePrice } from './prices/price.ts';
import { priceOfEntry } from './prices/price-rules.ts';
import { createPriceTable } from './prices/price-table.ts';
import type { PriceEntry, PriceTable } from './prices/price-table.ts';
import { targetKey, withoutSuffix } from './targets.ts';

/** Everything the operator configured about providers and models. */
export interface Catalog {
  readonly providers: ReadonlyMap<string, Provider>;
  /** Serves every name that does not choose a provider itself; undefined where nobody configured a provider. */
  readonly preferred: Provider | undefined;
  /** Where names go that choose no provider; a name without an entry goes unchanged to the preferred one. */
  readonly models: ModelTable;
  /** The cap on output tokens of translated requests; 0 means none. */
  readonly maxOutputTokens: number;
  /** The context windows that the operator set, by the keys of targets. */
  readonly windows: ReadonlyMap<string, number>;
  readonly overrides: readonly ModelOverride[];
  readonly prices: PriceTable;
}

/** What is wrong with a configuration, and at which of its settings. */
export interface CatalogProblem {
  readonly path: readonly string[];
  readonly message: string;
}

export type BuiltCatalog =
  | { readonly kind: 'valid'; readonly catalog: Catalog; readonly warnings: readonly CatalogProblem[] }
  | { readonly kind: 'faulty'; readonly problems: readonly CatalogProblem[] };

/**
 * For whom a gateway runs. Where several providers are configured and none is preferred, the operator of an organisation
 * must say which; one person gets `openai` if it is one of them, with a warning, as single-user proxies do. One person's
 * gateway also reaches a local Ollama that nobody configured, by its name.
 */
export type Audience = 'organisation' | 'one-person';

/** The entries that together stand for the names of Claude, as `BIG_MODEL` and `SMALL_MODEL` mean them. */
export const claudeNames = { big: ['*sonnet*', '*opus*', '*claude*'], small: ['*haiku*'] };

/** What becomes of Claude's names where nothing is said of them, since only Claude's own servers know them. */
const claudeTiers = [
  { names: claudeNames.big, openAi: 'gpt-4.1', what: 'sonnet, opus and other Claude names' },
  { names: claudeNames.small, openAi: 'gpt-4.1-mini', what: 'haiku' },
];

/**
 * Builds the catalog, or says all that is missing for it. A configuration that is not whole has stand-ins for what is
 * faulty, so what depends on their kind is not asked of it.
 */
export function buildCatalog(config: CatalogConfig, audience: Audience, { isWhole } = { isWhole: true }): BuiltCatalog {
  const providers = new Map(
    Object.entries(config.providers).map(([name, provider]) => [name, createProvider(settingsOf(name, provider))]),
  );
  const preferred = preferredProvider(config, providers, audience);
  const provider = preferred.kind === 'found' ? preferred.provider : [...providers.values()][0];
  if (providers.size === 0 && preferred.kind === 'faulty') return { kind: 'faulty', problems: [preferred.problem] };
  const named = buildEntries(config.models, provider, providers);
  const isKnown = isWhole && preferred.kind === 'found' && named.problems.length === 0;
  const missing = isKnown ? missingTiers(named.entries, config.models, provider) : noEntries;
  const priced = buildPrices(config.prices, providers);
  const problems = [
    ...(preferred.kind === 'faulty' ? [preferred.problem] : []),
    ...named.problems,
    ...priced.problems,
    ...missing.problems,
  ];
  if (preferred.kind === 'faulty' || problems.length > 0) return { kind: 'faulty', problems };
  const entries = [...named.entries, ...missing.entries];
  const { maxOutputTokens, overrides } = config;
  const models = createNameTable(entries);
  const windows = windowsOf(entries, config.models);
  const prices = createPriceTable(priced.entries);
  return {
    kind: 'valid',
    catalog: Object.freeze({ providers, preferred: provider, models, windows, maxOutputTokens, overrides, prices }),
    warnings: [...preferred.warnings, ...doubledVersions(providers)],
  };
}

/** A price of a provider that is not configured would go unused without a word. */
function buildPrices(stated: CatalogConfig['prices'], providers: ReadonlyMap<string, Provider>) {
  const problems: CatalogProblem[] = [];
  const entries: PriceEntry[] = [];
  for (const [name, entry] of Object.entries(stated)) {
    const [named = '', ...model] = name.split(':');
    const provider = findNamed(providers, named.toLowerCase())?.name ?? (isPattern(named) ? named : undefined);
    if (provider === undefined) {
      const message = `"${named}" is not a configured provider. ${listOf(providers)}${howToConfigure(named)}`;
      problems.push({ path: ['prices', name], message });
    } else entries.push({ name: [provider, ...model].join(':'), price: priceOfEntry(entry) });
  }
  return { entries, problems };
}

/** The same catalog, in which every model is free: what a demo asks costs nothing. */
export function withoutCosts(catalog: Catalog): Catalog {
  return { ...catalog, prices: createPriceTable([{ name: '*', price: freePrice }]) };
}

type ModelsConfig = CatalogConfig['models'];

function buildEntries(stated: ModelsConfig, preferred: Provider | undefined, providers: ReadonlyMap<string, Provider>) {
  const problems: CatalogProblem[] = [];
  const entries: ModelEntry[] = [];
  for (const [name, { model, displayName }] of Object.entries(stated)) {
    if (model === undefined) continue;
    if (parseRequestedModel(name, providers).kind !== 'bare') {
      problems.push({
        path: ['models', name],
        message: 'begins with the name of a provider, which always goes there.',
      });
      continue;
    }
    const found = resolve(name, model, { stated, preferred, providers });
    if (found.kind === 'faulty') problems.push(found.problem);
    else entries.push({ name, displayName, provider: found.provider, model: found.model });
  }
  return { entries, problems };
}

const noEntries: { readonly entries: readonly ModelEntry[]; readonly problems: readonly CatalogProblem[] } = {
  entries: [],
  problems: [],
};

/** Claude's own names need no mapping where Claude answers; elsewhere nothing would be known by them. */
function missingTiers(entries: readonly ModelEntry[], stated: ModelsConfig, provider: Provider | undefined) {
  const missing: ModelEntry[] = [];
  const problems: CatalogProblem[] = [];
  if (provider === undefined || provider.endpoint.form.knowsClaude) return { entries: missing, problems };
  for (const { names, openAi, what } of claudeTiers) {
    const table = createNameTable(entries.filter(({ name }) => names.includes(name) || stated[name]?.isTier !== true));
    const unknown = names.filter((name) => findEntry(table, nameOfClaude(name)) === undefined);
    const [first] = unknown;
    if (first === undefined) continue;
    if (isOpenAi(provider)) {
      missing.push(...unknown.map((name) => ({ name, provider, model: openAi, displayName: undefined })));
    } else {
      const message = `required. Name a model of the provider "${provider.name}"; it replaces ${what}.`;
      problems.push({ path: ['models', first], message });
    }
  }
  return { entries: missing, problems };
}

/** A name as Claude Code sends it, to see whether an entry serves it. */
function nameOfClaude(pattern: string): string {
  return pattern === '*claude*' ? 'claude-next-1' : `claude-${pattern.replaceAll('*', '')}-1`;
}

interface ResolveContext {
  readonly stated: ModelsConfig;
  readonly preferred: Provider | undefined;
  readonly providers: ReadonlyMap<string, Provider>;
}

type Resolved = { readonly kind: 'found'; readonly provider: Provider; readonly model: string | undefined } | Faulty;

/** Follows an entry through the entries that it names. */
function resolve(name: string, text: string, context: ResolveContext, seen: readonly string[] = [name]): Resolved {
  const { stated, preferred, providers } = context;
  const path = ['models', seen[0] ?? name];
  const named = parseModelReference(text, providers);
  switch (named.kind) {
    case 'target':
      return { kind: 'found', provider: named.provider, model: named.model === '*' ? undefined : named.model };
    case 'bare': {
      const next = Object.keys(stated).find((other) => other.toLowerCase() === text.toLowerCase() && other !== '*');
      const model = next === undefined ? undefined : stated[next]?.model;
      if (next === undefined || model === undefined) {
        if (preferred === undefined) return faulty(path, unnamed);
        return { kind: 'found', provider: preferred, model: text === '*' ? undefined : text };
      }
      const chain = [...seen, next];
      if (seen.includes(next))
        return faulty(path, `goes round in a circle: ${chain.join(' → ')}. Write {provider}:{model}.`);
      return resolve(next, model, context, chain);
    }
    case 'unconfigured':
      return faulty(
        path,
        `"${named.name}" is not a configured provider. ${listOf(providers)}${howToConfigure(named.name)}`,
      );
    case 'no-model':
      return faulty(path, `"${text}" names a provider and no model. Write ${named.name}:{model}.`);
    default:
      return assertNever(named);
  }
}

const unnamed = 'names no provider, and none is configured. Write {provider}:{model}, such as ollama:gpt-oss:20b.';

function listOf(providers: ReadonlyMap<string, Provider>): string {
  return `Configured: ${[...providers.keys()].join(', ')}.`;
}

/** A version that the base URL and the dialect's path both have; right only where another gateway tolerates it. */
function doubledVersions(providers: ReadonlyMap<string, Provider>): CatalogProblem[] {
  const doubled = [...providers.values()].filter(
    ({ endpoint }) =>
      endpoint.baseUrl.endsWith('/v1') && requestPath(endpoint.form, { operation: 'messages' })?.startsWith('/v1/'),
  );
  const message = 'ends in /v1, and requests go to /v1/messages below it. Remove /v1, unless that is what you want.';
  return doubled.map(({ name }) => ({ path: ['providers', name, 'baseUrl'], message }));
}

/** The family of servers that nobody stated is known by the host. */
function settingsOf(name: string, provider: ProviderConfig): ProviderSettings {
  const { hostname } = new URL(provider.baseUrl);
  const { credential } = provider;
  if (provider.dialect === 'anthropic') {
    return { ...provider, name, credential, profile: provider.profile ?? anthropicProfileOf(hostname) };
  }
  if (provider.dialect === 'ollama') return { ...provider, name, credential };
  if (provider.dialect === 'gemini') {
    const { google, ...rest } = provider;
    return { ...rest, name, credential: google ?? credential };
  }
  const byHost = isOpenAiHost(hostname) ? 'openai' : 'compatible';
  return { ...provider, name, credential, profile: provider.profile ?? byHost };
}

function isOpenAi({ baseUrl }: Provider): boolean {
  return isOpenAiHost(new URL(baseUrl).hostname);
}

/** Of two that are stated for one target the one that stands first counts. */
function windowsOf(entries: readonly ModelEntry[], stated: ModelsConfig): ReadonlyMap<string, number> {
  const windows = new Map<string, number>();
  for (const { name, provider, model } of entries) {
    const tokens = stated[name]?.contextTokens;
    const key = model === undefined ? undefined : targetKey(withoutSuffix({ provider, model }));
    if (key !== undefined && tokens !== undefined && !windows.has(key)) windows.set(key, tokens);
  }
  return windows;
}

type Preferred =
  | { readonly kind: 'found'; readonly provider: Provider | undefined; readonly warnings: readonly CatalogProblem[] }
  | Faulty;

function preferredProvider(
  { preferred: wanted, models }: CatalogConfig,
  providers: ReadonlyMap<string, Provider>,
  audience: Audience,
): Preferred {
  const counted = [...providers.values()].filter(({ onlyByName }) => onlyByName !== true);
  const configured = counted.map(({ name }) => name).join(', ');
  const [first] = counted;
  const how = wanted === undefined ? '' : howToConfigure(wanted);
  if (providers.size === 0 && how === '') return faulty(['providers'], 'configure at least one provider.');
  if (wanted !== undefined) {
    const provider =
      counted.find(({ name }) => name === wanted) ?? counted.find(({ name }) => name === aliasOf(wanted));
    if (provider !== undefined) return { kind: 'found', provider, warnings: [] };
    return faulty(
      ['preferred'],
      `"${wanted}" is not a configured provider. Configured: ${configured || 'none'}.${how || ' Set one of these, or set the credential of the provider that you want.'}`,
    );
  }
  if (counted.length <= 1) return { kind: 'found', provider: first, warnings: [] };
  const rest = parseModelReference(models['*']?.model ?? '', providers);
  if (rest.kind === 'target') return { kind: 'found', provider: rest.provider, warnings: [] };
  const several = `Several providers are configured: ${configured}.`;
  const openAi = providers.get('openai');
  if (audience === 'organisation' || openAi === undefined) {
    return faulty(['preferred'], `required. ${several} Set it to the one for requests that name no provider.`);
  }
  const message = `not set. ${several} Requests that name no provider go to openai; set it to choose another.`;
  return { kind: 'found', provider: openAi, warnings: [{ path: ['preferred'], message }] };
}

interface Faulty {
  readonly kind: 'faulty';
  readonly problem: CatalogProblem;
}

function faulty(path: readonly string[], message: string): Faulty {
  return { kind: 'faulty', problem: { path, message } };
}
