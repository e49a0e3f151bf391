import { anthropicCapabilities } from './capabilities/anthropic-capabilities.ts';
import type { AnthropicCorrections, ChatCorrections, GeminiCorrections } from './capabilities/capability-rules.ts';
import type { ResponsesCorrections } from './capabilities/responses-rules.ts';
import type { AnthropicProfile } from './capabilities/anthropic-capabilities.ts';
import type { ChatProfile } from './capabilities/chat-capabilities.ts';
import type { SafetyThreshold } from './capabilities/gemini-capabilities.ts';
import { dialectForm, vertexForm } from './dialects.ts';
import type { Dialect, DialectForm, ProviderHeaders } from './dialects.ts';

/** Proves the gateway to a provider. */
export type ProviderCredential = RevealedCredential | GoogleCredential;

/** A fixed `Secret` is one; what is fetched returns a promise while it is. */
interface RevealedCredential {
  reveal(): string | Promise<string>;
}

/** Access tokens of Google, by the Application Default Credentials of the machine, which whoever calls the provider keeps fresh. */
export interface GoogleCredential {
  readonly kind: 'google';
  /** The project that requests belong to. */
  readonly project: string;
  /** A file of credentials; undefined leaves it to the machine: its login of gcloud, or its metadata server. */
  readonly keyFile?: string | undefined;
}

/** What it takes to call a provider in one dialect; built once, so that a request works nothing of it out. */
export interface Endpoint {
  /** Without a trailing slash; the dialect's paths are appended as they are. */
  readonly baseUrl: string;
  readonly form: DialectForm;
  /** Headers of the client that this server must not get, although the dialect has them. */
  readonly withheldHeaders: readonly string[];
  /** Sent with every request, beside the dialect's. */
  readonly headers: ProviderHeaders;
  /** What the operator set for this provider; the rest is as for all of them. */
  readonly timeouts: EndpointTimeouts;
  /** Undefined sends no credential at all. */
  readonly credential: ProviderCredential | undefined;
}

export interface EndpointTimeouts {
  readonly connectMs?: number | undefined;
  /** From the request to the first event of its answer, or the first byte of one that is no stream. */
  readonly firstEventMs?: number | undefined;
  /** For a silence after that. */
  readonly idleMs?: number | undefined;
}

interface SettingsBase {
  /** The name in URLs and configuration: the text before the first colon of `{provider}:{model}`. */
  readonly name: string;
  readonly baseUrl: string;
  readonly credential: ProviderCredential | undefined;
  readonly headers?: ProviderHeaders;
  readonly timeouts?: EndpointTimeouts;
  /** Whether it serves only requests that name it: nobody configured it, so it is not asked for its models either. */
  readonly onlyByName?: boolean;
}

interface AnthropicSettings extends SettingsBase {
  readonly dialect: 'anthropic';
  /** Which server answers there: Anthropic's own, or a proxy before it, where this is left out. */
  readonly profile?: AnthropicProfile;
  readonly capabilities?: AnthropicCorrections | undefined;
}

interface ChatSettings extends SettingsBase {
  readonly dialect: 'openai-chat';
  /** Which server family answers there, and so which capabilities its models have. */
  readonly profile: ChatProfile;
  readonly capabilities?: ChatCorrections | undefined;
}

interface ResponsesSettings extends SettingsBase {
  readonly dialect: 'openai-responses';
  readonly profile: ChatProfile;
  readonly capabilities?: ResponsesCorrections | undefined;
}

interface OllamaSettings extends SettingsBase {
  readonly dialect: 'ollama';
  /** The window that models are loaded with, unless they have less. */
  readonly contextTokens: number;
  /** A duration such as `30m`, or a number of seconds. */
  readonly keepAlive: string | number;
}

interface GeminiSettings extends SettingsBase {
  readonly dialect: 'gemini';
  /** From which probability of harm on an answer is blocked; unset: as the server decides. */
  readonly safetyThreshold?: SafetyThreshold | undefined;
  readonly capabilities?: GeminiCorrections | undefined;
}

export type ProviderSettings = AnthropicSettings | ChatSettings | ResponsesSettings | OllamaSettings | GeminiSettings;

/** A named upstream of the operator's configuration. */
export type Provider = ProviderSettings & {
  readonly endpoint: Endpoint;
  /** The same server by its Responses API, where some of its models may need that. */
  readonly responses: Endpoint | undefined;
};

export function createProvider(settings: ProviderSettings): Provider {
  const { baseUrl, credential, headers = [], timeouts = {} } = settings;
  const takesBetas =
    settings.dialect !== 'anthropic' || anthropicCapabilities(settings.profile, settings.capabilities).betas;
  const endpointOf = (dialect: Dialect) => ({
    baseUrl,
    form: credential !== undefined && 'kind' in credential ? vertexForm : dialectForm(dialect),
    withheldHeaders: takesBetas ? [] : ['anthropic-beta'],
    headers,
    timeouts,
    credential,
  });
  const responses = settings.dialect === 'openai-chat' ? endpointOf('openai-responses') : undefined;
  return { ...settings, endpoint: endpointOf(settings.dialect), responses };
}
