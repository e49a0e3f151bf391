import type { Provider } from './provider.ts';
import type { ModelReference } from './targets.ts';

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
