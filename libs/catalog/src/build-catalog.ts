import { assertNever } from '@ccg/kernel';
import { anthropicProfileOf } from './capabilities/anthropic-capabilities.ts';
import type { ModelOverride } from './capabilities/model-traits.ts';
import type { CatalogConfig, ProviderConfig } from './catalog-config.ts';
import { createProvider } from './provider.ts';
import type { Provider, ProviderSettings } from './provider.ts';
import { parseModelReference } from './model-names.ts';
import { targetKey } from './targets.ts';
import type { ModelReference } from './targets.ts';

/** Everything the operator configured about providers and models. */
export interface Catalog {
  readonly providers: ReadonlyMap<string, Provider>;
  /** Serves every name that does not choose a provider itself; undefined where nobody configured a provider. */
  readonly preferred: Provider | undefined;
  /** What sonnet, opus and other Claude names become; undefined passes them unchanged. */
  readonly big: ModelReference | undefined;
  /** What haiku names become; undefined passes them unchanged. */
  readonly small: ModelReference | undefined;
  /** The cap on output tokens of translated requests; 0 means none. */
  readonly maxOutputTokens: number;
  /** The context windows that the operator set, by the keys of targets. */
  readonly windows: ReadonlyMap<string, number>;
  readonly overrides: readonly ModelOverride[];
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

const openAiHost = 'api.openai.com';
const openAiModels = { big: 'gpt-4.1', small: 'gpt-4.1-mini' };
const claudeNames = { big: 'sonnet, opus and other Claude names', small: 'haiku' };

/** Builds the catalog, or says what is missing for it. */
export function buildCatalog(config: CatalogConfig, audience: Audience): BuiltCatalog {
  const providers = new Map(
    Object.entries(config.providers).map(([name, provider]) => [name, createProvider(settingsOf(name, provider))]),
  );
  const preferred = preferredProvider(config.preferred, providers, audience);
  if (preferred.kind === 'faulty') return { kind: 'faulty', problems: [preferred.problem] };
  const { provider } = preferred;
  const big = mappedModel('big', config.big.model, provider, providers);
  const small = mappedModel('small', config.small.model, provider, providers);
  const problems = [big, small].filter((mapped) => mapped.kind === 'faulty').map(({ problem }) => problem);
  if (big.kind === 'faulty' || small.kind === 'faulty') return { kind: 'faulty', problems };
  const windows = windowsOf([
    [small.reference, config.small.contextTokens],
    [big.reference, config.big.contextTokens],
  ]);
  const { maxOutputTokens, overrides } = config;
  const catalog = {
    providers,
    preferred: provider,
    big: big.reference,
    small: small.reference,
    windows,
    maxOutputTokens,
    overrides,
  };
  return {
    kind: 'valid',
    catalog: Object.freeze(catalog),
    warnings: [...preferred.warnings, ...doubledVersions(providers)],
  };
}

type MappedModel = { readonly kind: 'valid'; readonly reference: ModelReference | undefined } | Faulty;

function mappedModel(
  setting: 'big' | 'small',
  stated: string | undefined,
  preferred: Provider | undefined,
  providers: ReadonlyMap<string, Provider>,
): MappedModel {
  // Claude's own names need no mapping where Claude answers; elsewhere nothing would be known by them.
  if (stated === undefined && (preferred === undefined || preferred.endpoint.form.knowsClaude))
    return { kind: 'valid', reference: undefined };
  const text = stated ?? (preferred !== undefined && isOpenAi(preferred) ? openAiModels[setting] : undefined);
  if (text === undefined) {
    const message = `required. Name a model of the provider "${preferred?.name}"; it replaces ${claudeNames[setting]}.`;
    return faulty([setting], message);
  }
  const named = parseModelReference(text, providers);
  switch (named.kind) {
    case 'target':
      return { kind: 'valid', reference: named };
    case 'bare': {
      if (preferred !== undefined) return { kind: 'valid', reference: { provider: preferred, model: text } };
      return faulty(
        [setting],
        'names no provider, and none is configured. Write {provider}:{model}, such as ollama:gpt-oss:20b.',
      );
    }
    case 'unconfigured': {
      const configured = [...providers.keys()].join(', ');
      return faulty([setting], `"${named.name}" is not a configured provider. Configured: ${configured}.`);
    }
    case 'no-model':
      return faulty([setting], `"${text}" names a provider and no model. Write ${named.name}:{model}.`);
    default:
      return assertNever(named);
  }
}

/** A version that the base URL and the dialect's path both have; right only where another gateway tolerates it. */
function doubledVersions(providers: ReadonlyMap<string, Provider>): CatalogProblem[] {
  const doubled = [...providers.values()].filter(
    ({ endpoint }) => endpoint.baseUrl.endsWith('/v1') && endpoint.form.paths.messages.startsWith('/v1/'),
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
  const byHost = hostname === openAiHost ? 'openai' : 'compatible';
  return { ...provider, name, credential, profile: provider.profile ?? byHost };
}

function isOpenAi({ baseUrl }: Provider): boolean {
  return new URL(baseUrl).hostname === openAiHost;
}

function windowsOf(stated: readonly (readonly [ModelReference | undefined, number | undefined])[]) {
  const windows = new Map<string, number>();
  for (const [reference, tokens] of stated) {
    if (reference !== undefined && tokens !== undefined) windows.set(targetKey(reference), tokens);
  }
  return windows;
}

type Preferred =
  | { readonly kind: 'found'; readonly provider: Provider | undefined; readonly warnings: readonly CatalogProblem[] }
  | Faulty;

function preferredProvider(
  wanted: string | undefined,
  providers: ReadonlyMap<string, Provider>,
  audience: Audience,
): Preferred {
  const counted = [...providers.values()].filter(({ onlyByName }) => onlyByName !== true);
  const configured = counted.map(({ name }) => name).join(', ');
  const [first] = counted;
  if (providers.size === 0) return faulty(['providers'], 'configure at least one provider.');
  if (wanted !== undefined) {
    const provider = counted.find(({ name }) => name === wanted);
    if (provider !== undefined) return { kind: 'found', provider, warnings: [] };
    return faulty(
      ['preferred'],
      `"${wanted}" is not a configured provider. Configured: ${configured || 'none'}. Set one of these, or set the credential of the provider that you want.`,
    );
  }
  if (counted.length <= 1) return { kind: 'found', provider: first, warnings: [] };
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
