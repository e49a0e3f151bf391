import type { CatalogProblem } from './build-catalog.ts';
import { howToConfigure, knownProviders } from './known-providers.ts';
import { vertexVariablesIn } from './vertex.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The settings of a provider beside those that make it one. A credential may be there for other programs. */
const settings: Readonly<Record<string, readonly string[]>> = {
  openai: ['OPENAI_DIALECT'],
  anthropic: ['ANTHROPIC_PROFILE'],
  gemini: ['GEMINI_SAFETY_THRESHOLD'],
  ollama: ['OLLAMA_NUM_CTX', 'OLLAMA_KEEP_ALIVE'],
};

/** What whoever uncomments `.env.example` sets without a wish of their own. Base URLs have theirs in the table of providers. */
const defaults: Readonly<Record<string, string>> = {
  ANTHROPIC_PROFILE: 'claude',
  GEMINI_SAFETY_THRESHOLD: 'BLOCK_ONLY_HIGH',
  OLLAMA_NUM_CTX: '128000',
  OLLAMA_KEEP_ALIVE: '30m',
};

/** The variables that are set and without effect, since their provider is none: somebody forgot the other half. */
export function idleVariables(env: Env, providers: object): readonly CatalogProblem[] {
  return knownProviders.flatMap(({ name, variables, needsNoCredential, defaultBaseUrl }) => {
    if (Object.hasOwn(providers, name) || (name === 'gemini' && vertexVariablesIn(env).length > 0)) return [];
    const base = needsNoCredential ? [] : [variables.baseUrl];
    const usual = { ...defaults, [variables.baseUrl]: defaultBaseUrl };
    const idle = [...base, ...(settings[name] ?? [])].filter(
      (variable) => isSet(env, variable) && env[variable]?.trim() !== usual[variable],
    );
    const message = `has no effect, because the provider ${name} is not configured.${howToConfigure(name)} Or remove it.`;
    return idle.map((variable) => ({ path: [variable], message }));
  });
}

/** The names that other programs give to a credential; said where the start fails anyway. */
export function otherNames(env: Env, providers: object): readonly CatalogProblem[] {
  const isLost = isSet(env, 'GOOGLE_API_KEY') && !Object.hasOwn(providers, 'gemini');
  return isLost
    ? [
        {
          path: ['GOOGLE_API_KEY'],
          message: 'is not read here. If it is the key for Gemini, set GEMINI_API_KEY to it.',
        },
      ]
    : [];
}

function isSet(env: Env, name: string): boolean {
  return (env[name] ?? '').trim() !== '';
}
