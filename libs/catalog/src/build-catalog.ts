import { assertNever } from '@ccg/kernel';
import { anthropicProfileOf } from './capabilities/anthropic-capabilities.ts';
import type { ModelOverride } from './capabilities/model-traits.ts';
import type { CatalogConfig, ProviderConfig } from './catalog-config.ts';
import { createProvider } from './provider.ts';
import type { Provider, ProviderSettings } from './provider.ts';
import { parseModelReference } from './resolve-route.ts';
import { targetKey } from './targets.ts';
import type { ModelReference } from './targets.ts';

/** Everything the operator configured about providers and models. */
export interface Catalog {
  readonly providers: ReadonlyMap<string, Provider>;
  /** Serves every name that does not choose a provider itself. */
  readonly preferred: Provider;
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

/** What is wrong with a configuration, and where: `preferred`, or `providers` where none is there. */
interface CatalogProblem {
  readonly path: readonly string[];
  readonly message: string;
}

export type BuiltCatalog =
  | { readonly kind: 'valid'; readonly catalog: Catalog }
  | { readonly kind: 'faulty'; readonly problems: readonly CatalogProblem[] };

const openAiHost = 'api.openai.com';

/** Builds the catalog, or says what is missing for it. */
export function buildCatalog(config: CatalogConfig): BuiltCatalog {
  const providers = new Map(
    Object.entries(config.providers).map(([name, provider]) => [name, createProvider(settingsOf(name, provider))]),
  );
  const preferred = preferredProvider(config.preferred, providers);
  if (preferred.kind === 'faulty') return { kind: 'faulty', problems: [preferred.problem] };
  const { provider } = preferred;
  // Claude's own names need no mapping where Claude answers; elsewhere nothing would be known by them.
  const passes = provider.endpoint.form.knowsClaude;
  const big = mappedModel('big', config.big.model ?? (passes ? undefined : 'gpt-4.1'), provider, providers);
  const small = mappedModel('small', config.small.model ?? (passes ? undefined : 'gpt-4.1-mini'), provider, providers);
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
  return { kind: 'valid', catalog: Object.freeze(catalog) };
}

type MappedModel =
  | { readonly kind: 'valid'; readonly reference: ModelReference | undefined }
  | { readonly kind: 'faulty'; readonly problem: CatalogProblem };

function mappedModel(
  setting: 'big' | 'small',
  text: string | undefined,
  preferred: Provider,
  providers: ReadonlyMap<string, Provider>,
): MappedModel {
  if (text === undefined) return { kind: 'valid', reference: undefined };
  const named = parseModelReference(text, providers);
  switch (named.kind) {
    case 'target':
      return { kind: 'valid', reference: named };
    case 'bare':
      return { kind: 'valid', reference: { provider: preferred, model: text } };
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

/** The family of servers that nobody stated is known by the host. */
function settingsOf(name: string, provider: ProviderConfig): ProviderSettings {
  const { hostname } = new URL(provider.baseUrl);
  const { credential } = provider;
  if (provider.dialect === 'anthropic') {
    return { ...provider, name, credential, profile: provider.profile ?? anthropicProfileOf(hostname) };
  }
  const byHost = hostname === openAiHost ? 'openai' : 'compatible';
  return { ...provider, name, credential, profile: provider.profile ?? byHost };
}

function windowsOf(stated: readonly (readonly [ModelReference | undefined, number | undefined])[]) {
  const windows = new Map<string, number>();
  for (const [reference, tokens] of stated) {
    if (reference !== undefined && tokens !== undefined) windows.set(targetKey(reference), tokens);
  }
  return windows;
}

type Preferred =
  | { readonly kind: 'found'; readonly provider: Provider }
  | { readonly kind: 'faulty'; readonly problem: CatalogProblem };

function preferredProvider(wanted: string | undefined, providers: ReadonlyMap<string, Provider>): Preferred {
  const configured = [...providers.keys()].join(', ');
  if (providers.size === 0) return faulty(['providers'], 'configure at least one provider.');
  if (wanted !== undefined) {
    const provider = providers.get(wanted);
    if (provider !== undefined) return { kind: 'found', provider };
    return faulty(
      ['preferred'],
      `"${wanted}" is not a configured provider. Configured: ${configured}. Set one of these, or set the credential of the provider that you want.`,
    );
  }
  const only = providers.size === 1 ? [...providers.values()][0] : providers.get('openai');
  if (only !== undefined) return { kind: 'found', provider: only };
  return faulty(['preferred'], `set it to one of ${configured}.`);
}

function faulty(
  path: readonly string[],
  message: string,
): { readonly kind: 'faulty'; readonly problem: CatalogProblem } {
  return { kind: 'faulty', problem: { path, message } };
}
