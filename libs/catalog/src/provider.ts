import type { Secret } from '@ccg/kernel';
import type { AnthropicProfile } from './capabilities/anthropic-capabilities.ts';
import type { ChatProfile } from './capabilities/capabilities.ts';

/** The wire formats that are spoken to upstreams. */
export type Dialect = 'anthropic' | 'openai-chat';

interface ProviderBase {
  /** The name in URLs and configuration: the text before the first colon of `{provider}:{model}`. */
  readonly name: string;
  /** Without a trailing slash; request paths are appended as they are. */
  readonly baseUrl: string;
  /** Sent to the upstream; undefined sends no credential at all. */
  readonly credential: Secret | undefined;
}

export interface AnthropicProvider extends ProviderBase {
  readonly dialect: 'anthropic';
  /** Which server answers there: Anthropic's own, or a proxy before it, where this is left out. */
  readonly profile?: AnthropicProfile;
}

export interface OpenAiChatProvider extends ProviderBase {
  readonly dialect: 'openai-chat';
  /** Which server family answers there, and so which capabilities its models have. */
  readonly profile: ChatProfile;
  /** How Nemotron models are asked to think, wherever they are served. */
  readonly nemotron: NemotronSwitches;
  /** Parts of the names of models, in lower case, whose calls may stand in their text; `*` is any model. */
  readonly textCallModels?: readonly string[];
}

export interface NemotronSwitches {
  readonly thinking: boolean;
  readonly reasoningBudgetTokens: number;
}

/** A named upstream of the operator's configuration. */
export type Provider = AnthropicProvider | OpenAiChatProvider;

/** One provider and the name of the model there. */
export interface Target {
  readonly provider: Provider;
  readonly model: string;
}

/** What a requested model resolved to; targets are tried in order. */
export interface Route {
  /** As the client asked for it: answers carry this name. */
  readonly requestedModel: string;
  readonly targets: readonly [Target, ...Target[]];
}
