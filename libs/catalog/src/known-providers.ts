import type { ChatProfile } from './capabilities/chat-capabilities.ts';
import type { Dialect, StaticHeaders } from './dialects.ts';

/** A provider that environment variables can configure. */
export interface KnownProvider {
  readonly name: string;
  readonly dialect: Dialect;
  readonly defaultBaseUrl: string;
  readonly variables: {
    readonly credential: string;
    readonly baseUrl: string;
    readonly profile?: string;
    /** Which of its two APIs is asked, for all of its models. */
    readonly dialect?: 'OPENAI_DIALECT';
  };
  /** Whether a base URL alone configures it: local servers need no credential. */
  readonly needsNoCredential: boolean;
  /** The family of servers; unset: by the host. */
  readonly profile?: ChatProfile;
  readonly headers?: StaticHeaders;
  /** Whether the credential alone configures it: one that is optional may be there for other programs. */
  readonly isByCredential: boolean;
  /** For the message that no provider is configured. */
  readonly example: { readonly line: string; readonly what: string };
}

export const geminiBaseUrl = 'https://generativelanguage.googleapis.com/v1beta';

/** Another provider is a row here, its variables in apps/gateway/README.md and `.env.example`. */
export const knownProviders: readonly KnownProvider[] = [
  {
    name: 'openai',
    dialect: 'openai-chat',
    defaultBaseUrl: 'https://api.openai.com/v1',
    variables: { credential: 'OPENAI_API_KEY', baseUrl: 'OPENAI_BASE_URL', dialect: 'OPENAI_DIALECT' },
    needsNoCredential: true,
    isByCredential: true,
    example: { line: 'OPENAI_API_KEY=sk-...', what: 'OpenAI' },
  },
  {
    name: 'anthropic',
    dialect: 'anthropic',
    defaultBaseUrl: 'https://api.anthropic.com',
    // ANTHROPIC_BASE_URL is the client's.
    variables: { credential: 'ANTHROPIC_API_KEY', baseUrl: 'ANTHROPIC_API_BASE', profile: 'ANTHROPIC_PROFILE' },
    needsNoCredential: false,
    isByCredential: true,
    example: { line: 'ANTHROPIC_API_KEY=sk-ant-...', what: 'Claude' },
  },
  {
    name: 'nvidia',
    dialect: 'openai-chat',
    defaultBaseUrl: 'https://integrate.api.nvidia.com/v1',
    variables: { credential: 'NVIDIA_API_KEY', baseUrl: 'NVIDIA_BASE_URL' },
    needsNoCredential: false,
    profile: 'nvidia',
    isByCredential: true,
    example: { line: 'NVIDIA_API_KEY=nvapi-...', what: 'NVIDIA NIM' },
  },
  {
    name: 'openrouter',
    dialect: 'openai-chat',
    defaultBaseUrl: 'https://openrouter.ai/api/v1',
    variables: { credential: 'OPENROUTER_API_KEY', baseUrl: 'OPENROUTER_BASE_URL' },
    needsNoCredential: false,
    profile: 'openrouter',
    headers: [['x-title', 'Claude Code Gateway']],
    isByCredential: true,
    example: { line: 'OPENROUTER_API_KEY=sk-or-...', what: 'OpenRouter' },
  },
  {
    name: 'gemini',
    dialect: 'gemini',
    defaultBaseUrl: geminiBaseUrl,
    variables: { credential: 'GEMINI_API_KEY', baseUrl: 'GEMINI_API_BASE' },
    needsNoCredential: false,
    isByCredential: true,
    example: { line: 'GEMINI_API_KEY=AIza...', what: 'Gemini' },
  },
  {
    name: 'ollama',
    dialect: 'ollama',
    defaultBaseUrl: 'http://localhost:11434',
    variables: { credential: 'OLLAMA_API_KEY', baseUrl: 'OLLAMA_API_BASE' },
    needsNoCredential: true,
    isByCredential: false,
    example: { line: 'OLLAMA_API_BASE=http://localhost:11434', what: 'Ollama' },
  },
];

/** The sentence that says by which variables a provider comes about; empty for names that the environment knows none for. */
export function howToConfigure(name: string): string {
  const known = knownProviders.find((provider) => provider.name === name || provider.name === aliasOf(name));
  if (known === undefined) return '';
  const { credential, baseUrl } = known.variables;
  const ways = [
    ...(known.isByCredential ? [credential] : []),
    ...(known.needsNoCredential ? [baseUrl] : []),
    ...(known.dialect === 'gemini' ? ['USE_VERTEX_AUTH=true with VERTEX_PROJECT'] : []),
  ];
  return ` For ${name} set ${ways.join(' or ')}.`;
}

/**
 * The names that mean a provider before a colon, configured or not: a prompt for one vendor must never reach another.
 * Other names with a colon are models, such as Ollama's `llama3.1:8b`; no model of its library has one of these names.
 */
const providerNames: ReadonlySet<string> = new Set([
  'azure',
  'bedrock',
  'google',
  'vertex',
  ...knownProviders.map(({ name }) => name),
]);

/** The other name of a provider, under which it is found too; undefined for all that have one. */
export function aliasOf(name: string): string | undefined {
  return aliases.get(name);
}

const aliases: ReadonlyMap<string, string> = new Map([
  ['google', 'gemini'],
  ['gemini', 'google'],
]);

/** The provider of this name, or of its other name. */
export function findNamed<Value>(providers: ReadonlyMap<string, Value>, name: string): Value | undefined {
  return providers.get(name) ?? providers.get(aliasOf(name) ?? '');
}

/** The name of a provider, or of a provider and its model, as the catalog writes it: operators write `OpenAI`. */
export function asProviderName(stated: string): string {
  const [name = ''] = stated.split(':');
  return isProviderName(name) ? name.toLowerCase() + stated.slice(name.length) : stated;
}

export function isProviderName(text: string): boolean {
  return providerNames.has(text.toLowerCase());
}
