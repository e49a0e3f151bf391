import { findNamed, isProviderName } from './known-providers.ts';
import type { Provider } from './provider.ts';
import type { ModelReference } from './targets.ts';

/** Claude Code's discovery keeps only ids with `claude` or `anthropic` in them, so every listed id begins with it. */
export const discoveryPrefix = 'claude-via-';

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
  const provider = findNamed(providers, name);
  if (provider === undefined) return isProviderName(name) ? { kind: 'unconfigured', name } : { kind: 'bare' };
  return model === '' ? { kind: 'no-model', name } : { kind: 'target', provider, model };
}

/** The same for what a client asks for, which may be an id of the list of models. */
export function parseRequestedModel(text: string, providers: ReadonlyMap<string, Provider>): NamedModel {
  const isListed = text.startsWith(discoveryPrefix);
  return parseModelReference(isListed ? text.slice(discoveryPrefix.length) : text, providers);
}
