import { Secret } from '@ccg/kernel';
import { z } from 'zod';
import { anthropicProfileOf, anthropicProfiles } from './capabilities/anthropic-capabilities.ts';
import { parseModelReference } from './model-reference.ts';
import { optionalText, wholeNumber } from './variables.ts';
import type { Catalog } from './catalog.ts';
import { createProvider } from './provider.ts';
import type { ChatSettings, Provider, ProviderSettings } from './provider.ts';
import { targetKey } from './targets.ts';
import type { ModelReference } from './targets.ts';
import { dialectForm } from './dialects.ts';

/** The variables that describe providers and models, each with its rule. */
export const catalogSchema = z.object({
  PREFERRED_PROVIDER: optionalText(),
  OPENAI_API_KEY: providerCredential(),
  OPENAI_BASE_URL: optionalUrl(),
  ANTHROPIC_API_KEY: providerCredential(),
  ANTHROPIC_API_BASE: optionalUrl(),
  ANTHROPIC_PROFILE: anthropicProfile(),
  NVIDIA_API_KEY: providerCredential(),
  NVIDIA_BASE_URL: optionalUrl(),
  NVIDIA_REASONING_BUDGET: wholeNumber({ max: 999_999_999, unset: 16_384 }),
  NVIDIA_ENABLE_THINKING: onOrOff(true),
  OPENROUTER_API_KEY: providerCredential(),
  OPENROUTER_BASE_URL: optionalUrl(),
  BIG_MODEL: optionalText(),
  SMALL_MODEL: optionalText(),
  BIG_MODEL_CONTEXT_TOKENS: wholeNumber({ max: 999_999_999, unset: 0 }),
  SMALL_MODEL_CONTEXT_TOKENS: wholeNumber({ max: 999_999_999, unset: 0 }),
  MAX_OUTPUT_TOKENS: wholeNumber({ max: 999_999_999, unset: 0 }),
  TEXT_TOOL_CALLS: nameList(),
});

export type CatalogVariables = z.infer<typeof catalogSchema>;

export type CatalogFromEnv =
  | { readonly kind: 'valid'; readonly catalog: Catalog }
  | { readonly kind: 'faulty'; readonly problems: readonly string[] };

const openAiApi = 'https://api.openai.com/v1';
const anthropicApi = 'https://api.anthropic.com';
const nvidiaApi = 'https://integrate.api.nvidia.com/v1';
const openRouterApi = 'https://openrouter.ai/api/v1';
const knownProviders: readonly string[] = ['openai', 'anthropic', 'nvidia', 'openrouter'];

/**
 * Builds the catalog from parsed variables. Which providers exist follows from the credentials that are set;
 * problems name the variable and the remedy, one line each.
 */
export function catalogFromEnv(variables: CatalogVariables): CatalogFromEnv {
  const providers = new Map(configuredProviders(variables).map((provider) => [provider.name, provider]));
  if (providers.size === 0) return { kind: 'faulty', problems: [noProvider] };
  const preferred = preferredProvider(variables.PREFERRED_PROVIDER, providers);
  if (preferred.kind === 'faulty') return { kind: 'faulty', problems: [preferred.problem] };
  // Claude's own names need no mapping where Claude answers; elsewhere nothing would be known by them.
  const passes = dialectForm(preferred.provider.dialect).knowsClaude;
  const big = variables.BIG_MODEL ?? (passes ? undefined : 'gpt-4.1');
  const small = variables.SMALL_MODEL ?? (passes ? undefined : 'gpt-4.1-mini');
  const reference = (text: string | undefined) =>
    text === undefined ? undefined : parseModelReference(text, providers, preferred.provider);
  const targets = { big: reference(big), small: reference(small) };
  return {
    kind: 'valid',
    catalog: Object.freeze({
      providers,
      preferred: preferred.provider,
      ...targets,
      windows: windowsOf([
        [targets.small, variables.SMALL_MODEL_CONTEXT_TOKENS],
        [targets.big, variables.BIG_MODEL_CONTEXT_TOKENS],
      ]),
      maxOutputTokens: variables.MAX_OUTPUT_TOKENS,
    }),
  };
}

function windowsOf(settings: readonly (readonly [ModelReference | undefined, number])[]): ReadonlyMap<string, number> {
  const windows = new Map<string, number>();
  for (const [reference, tokens] of settings) {
    if (reference !== undefined && tokens > 0) windows.set(targetKey(reference), tokens);
  }
  return windows;
}

function configuredProviders(variables: CatalogVariables): Provider[] {
  return [openAi(variables), anthropic(variables), nvidia(variables), openRouter(variables)]
    .filter((settings) => settings !== undefined)
    .map((settings) => createProvider(settings));
}

function openAi(variables: CatalogVariables): ProviderSettings | undefined {
  const { OPENAI_API_KEY: credential, OPENAI_BASE_URL: ownUrl } = variables;
  if (credential === undefined && ownUrl === undefined) return undefined;
  const baseUrl = ownUrl ?? openAiApi;
  const official = new URL(baseUrl).hostname === new URL(openAiApi).hostname;
  const profile = official ? 'openai' : 'compatible';
  return { name: 'openai', dialect: 'openai-chat', baseUrl, credential, profile, ...chatSettings(variables) };
}

function anthropic(variables: CatalogVariables): ProviderSettings | undefined {
  const credential = variables.ANTHROPIC_API_KEY;
  if (credential === undefined) return undefined;
  const baseUrl = variables.ANTHROPIC_API_BASE ?? anthropicApi;
  const profile = variables.ANTHROPIC_PROFILE ?? anthropicProfileOf(new URL(baseUrl).hostname);
  return { name: 'anthropic', dialect: 'anthropic', baseUrl, credential, profile };
}

function nvidia(variables: CatalogVariables): ProviderSettings | undefined {
  const credential = variables.NVIDIA_API_KEY;
  if (credential === undefined) return undefined;
  const baseUrl = variables.NVIDIA_BASE_URL ?? nvidiaApi;
  return {
    name: 'nvidia',
    dialect: 'openai-chat',
    baseUrl,
    credential,
    profile: 'nvidia',
    ...chatSettings(variables),
  };
}

function openRouter(variables: CatalogVariables): ProviderSettings | undefined {
  const credential = variables.OPENROUTER_API_KEY;
  if (credential === undefined) return undefined;
  const baseUrl = variables.OPENROUTER_BASE_URL ?? openRouterApi;
  return {
    name: 'openrouter',
    dialect: 'openai-chat',
    baseUrl,
    credential,
    profile: 'openrouter',
    headers: [['x-title', 'Claude Code Gateway']],
    ...chatSettings(variables),
  };
}

/** What holds for models wherever they are served. */
function chatSettings(variables: CatalogVariables): Pick<ChatSettings, 'nemotron' | 'textCallModels'> {
  return {
    nemotron: {
      thinking: variables.NVIDIA_ENABLE_THINKING,
      reasoningBudgetTokens: variables.NVIDIA_REASONING_BUDGET,
    },
    textCallModels: variables.TEXT_TOOL_CALLS,
  };
}

type Preferred =
  | { readonly kind: 'found'; readonly provider: Provider }
  | { readonly kind: 'faulty'; readonly problem: string };

function preferredProvider(wanted: string | undefined, providers: ReadonlyMap<string, Provider>): Preferred {
  const configured = [...providers.keys()].join(', ');
  if (wanted !== undefined) {
    const provider = providers.get(wanted);
    if (provider !== undefined) return { kind: 'found', provider };
    const state = knownProviders.includes(wanted) ? 'is not configured' : 'is not a provider of this version';
    return {
      kind: 'faulty',
      problem: `PREFERRED_PROVIDER: "${wanted}" ${state}; configured: ${configured}. Set one of these, or set the credentials of the provider that you want.`,
    };
  }
  const only = providers.size === 1 ? [...providers.values()][0] : providers.get('openai');
  if (only !== undefined) return { kind: 'found', provider: only };
  return { kind: 'faulty', problem: `PREFERRED_PROVIDER: set it to one of ${configured}.` };
}

const noProvider = `No provider is configured. Put one of these into .env, or into the environment:
    ANTHROPIC_API_KEY=sk-ant-...                 # Claude
    OPENAI_API_KEY=sk-...                        # OpenAI
    NVIDIA_API_KEY=nvapi-...                     # NVIDIA NIM
    OPENROUTER_API_KEY=sk-or-...                 # OpenRouter
    OPENAI_BASE_URL=http://127.0.0.1:8000/v1     # any OpenAI-compatible server`;

function providerCredential() {
  return optionalText()
    .refine((text) => text === undefined || !text.startsWith('ccg_'), {
      error: "is a key of this gateway; set the provider's own, or the gateway would call itself",
    })
    .transform((text) => (text === undefined ? undefined : new Secret(text)));
}

function optionalUrl() {
  return optionalText()
    .refine((text) => text === undefined || isHttpUrl(text), {
      error: 'must be an http:// or https:// URL without a query, credentials or fragment',
    })
    .transform((text) => text?.replace(/\/+$/u, ''));
}

function anthropicProfile() {
  return optionalText()
    .refine((text) => text === undefined || anthropicProfiles.some((profile) => profile === text), {
      error: `must be one of ${anthropicProfiles.join(', ')}`,
    })
    .transform((text) => anthropicProfiles.find((profile) => profile === text));
}

function nameList() {
  return optionalText().transform((text) =>
    (text ?? '')
      .split(',')
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== ''),
  );
}

function onOrOff(unset: boolean) {
  return optionalText()
    .refine((text) => text === undefined || /^(?:true|false|1|0)$/iu.test(text), { error: 'must be true or false' })
    .transform((text) => (text === undefined ? unset : /^(?:true|1)$/iu.test(text)));
}

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (
    (url.protocol === 'http:' || url.protocol === 'https:') &&
    url.search === '' &&
    url.hash === '' &&
    url.username === '' &&
    url.password === ''
  );
}
