import { assertNever, createBoundedMap } from '@ccg/kernel';
import type { BoundedMap } from '@ccg/kernel';
import { anthropicCapabilities } from './capabilities/anthropic-capabilities.ts';
import type { AnthropicCapabilities } from './capabilities/anthropic-capabilities.ts';
import type { ResponsesCorrections } from './capabilities/responses-rules.ts';
import { chatCapabilities } from './capabilities/chat-forms.ts';
import type { ChatServer } from './capabilities/chat-forms.ts';
import type { ChatCapabilities } from './capabilities/chat-capabilities.ts';
import { geminiCapabilities } from './capabilities/gemini-capabilities.ts';
import type { GeminiCapabilities } from './capabilities/gemini-capabilities.ts';
import { ollamaCapabilities } from './capabilities/ollama-capabilities.ts';
import type { ModelFacts, OllamaCapabilities } from './capabilities/ollama-capabilities.ts';
import { responsesCapabilities } from './capabilities/responses-capabilities.ts';
import type { ResponsesCapabilities } from './capabilities/responses-capabilities.ts';
import type { ModelOverride } from './capabilities/model-traits.ts';
import { modelLimits } from './model-limits.ts';
import type { ModelLimits } from './model-limits.ts';
import { createPriceTable, priceOf } from './prices/price-table.ts';
import type { PriceTable, TargetPrice } from './prices/price-table.ts';
import type { Endpoint, Provider } from './provider.ts';

/** A provider and the name of a model there, with nothing worked out yet. */
export interface ModelReference {
  readonly provider: Provider;
  readonly model: string;
}

interface TargetBase extends ModelReference {
  /** `{provider}:{model}`: what everything that is remembered of a target is kept under. */
  readonly key: string;
  readonly endpoint: Endpoint;
  readonly limits: ModelLimits;
  readonly price: TargetPrice;
  /** Whether reasoning of earlier turns is sent again, and so is part of the prompt. */
  readonly resendsReasoning: boolean;
  /** What must be sent as bytes, so that one of which only the URL is known has to be fetched. */
  readonly inlineMedia: readonly ('image' | 'document')[];
  /** Whether a stream begins with the number of its prompt's tokens, so that no estimate is needed. */
  readonly reportsPromptFirst: boolean;
}

export interface AnthropicTarget extends TargetBase {
  readonly dialect: 'anthropic';
  readonly capabilities: AnthropicCapabilities;
}

export interface ChatTarget extends TargetBase {
  readonly dialect: 'openai-chat';
  readonly capabilities: ChatCapabilities;
}

interface ResponsesTarget extends TargetBase {
  readonly dialect: 'openai-responses';
  readonly capabilities: ResponsesCapabilities;
}

export interface OllamaTarget extends TargetBase {
  readonly dialect: 'ollama';
  readonly capabilities: OllamaCapabilities;
}

export interface GeminiTarget extends TargetBase {
  readonly dialect: 'gemini';
  readonly capabilities: GeminiCapabilities;
}

/** One model of one provider in one dialect, with everything about it that does not change from request to request. */
export type Target = AnthropicTarget | ChatTarget | ResponsesTarget | OllamaTarget | GeminiTarget;

/** The targets of a process, each built once. */
export interface Targets {
  of(reference: ModelReference): Target;
  /** Takes a provider's list of models, in the place of the one before. */
  learn(provider: string, models: ReadonlyMap<string, ModelLimits>): void;
  /** Takes what a server tells of one model, and gives its target from then on. */
  learnModel(reference: ModelReference, facts: ModelFacts): Target;
  /** Whether the provider's list, as far as there is one, has the model. */
  isListed(reference: ModelReference): boolean;
}

/** `{provider}:{model}`. A provider's name has no colon, so two references never share a key. */
export function targetKey({ provider, model }: ModelReference): string {
  return `${provider.name}:${model}`;
}

interface TargetSettings {
  readonly overrides?: readonly ModelOverride[];
  /** Unset: what the model's name tells. */
  readonly limits?: ModelLimits;
  /** What the server tells of the model. */
  readonly facts?: ModelFacts | undefined;
  /** Unset: list prices alone. */
  readonly prices?: PriceTable;
}

const listPricesAlone = createPriceTable([]);

/** Resolves a reference. Costs a few dozen regular expressions: requests take theirs from `Targets`. */
export function createTarget(
  reference: ModelReference,
  { overrides = [], limits = modelLimits(reference.model), facts, prices = listPricesAlone }: TargetSettings = {},
): Target {
  const { provider, model } = reference;
  const price = priceOf(prices, provider.name, withoutWindowSuffix(model));
  const base = { key: targetKey(reference), provider, model, endpoint: provider.endpoint, limits, price };
  switch (provider.dialect) {
    case 'anthropic':
      return anthropicTarget(base, provider);
    case 'openai-chat':
      return chatTarget(base, provider, overrides);
    case 'openai-responses': {
      const { capabilities, ...server } = provider;
      return responsesTarget(base, server, overrides, capabilities);
    }
    case 'ollama':
      return ollamaTarget(base, provider, overrides, facts);
    case 'gemini':
      return geminiTarget(base, provider, overrides);
    default:
      return assertNever(provider);
  }
}

type TargetParts = Omit<TargetBase, 'resendsReasoning' | 'inlineMedia' | 'reportsPromptFirst'>;

type ProviderOf<Dialect extends Provider['dialect']> = Extract<Provider, { readonly dialect: Dialect }>;

function anthropicTarget(base: TargetParts, provider: ProviderOf<'anthropic'>): AnthropicTarget {
  const capabilities = anthropicCapabilities(provider.profile, provider.capabilities);
  const { passthrough, images } = capabilities;
  const needsBytes = !passthrough && images.includes('base64') && !images.includes('url');
  return {
    ...base,
    dialect: 'anthropic',
    capabilities,
    resendsReasoning: true,
    inlineMedia: inlineMedia({ images: needsBytes, pdfs: false }),
    reportsPromptFirst: passthrough,
  };
}

function ollamaTarget(
  base: TargetParts,
  { contextTokens: configured, keepAlive }: ProviderOf<'ollama'>,
  overrides: readonly ModelOverride[],
  facts: ModelFacts | undefined,
): OllamaTarget {
  const { limits } = base;
  // A window that is longer than the model's own is cut by Ollama, and takes memory that nobody uses.
  const contextTokens = Math.min(configured, limits.contextTokens ?? configured, facts?.contextTokens ?? configured);
  const capabilities = ollamaCapabilities(base.model, { contextTokens, keepAlive, facts, overrides });
  return {
    ...base,
    dialect: 'ollama',
    limits: { ...limits, contextTokens },
    capabilities,
    resendsReasoning: true,
    inlineMedia: inlineMedia({ images: capabilities.images, pdfs: false }),
    reportsPromptFirst: false,
  };
}

function geminiTarget(
  base: TargetParts,
  { baseUrl, capabilities: corrections, safetyThreshold }: ProviderOf<'gemini'>,
  overrides: readonly ModelOverride[],
): GeminiTarget {
  const capabilities = geminiCapabilities(base.model, { baseUrl, overrides, corrections, safetyThreshold });
  return {
    ...base,
    dialect: 'gemini',
    capabilities,
    resendsReasoning: false,
    inlineMedia: inlineMedia(capabilities),
    reportsPromptFirst: false,
  };
}

/** Where nothing is read nothing is fetched: a note takes its place. */
function inlineMedia(taken: { readonly images: boolean; readonly pdfs: boolean }): TargetBase['inlineMedia'] {
  return [...(taken.images ? (['image'] as const) : []), ...(taken.pdfs ? (['document'] as const) : [])];
}

/** A model that needs it is asked by the Responses API of the same server. */
function chatTarget(
  base: TargetParts,
  provider: ChatServer & Pick<Provider, 'responses'>,
  overrides: readonly ModelOverride[],
): Target {
  const capabilities = chatCapabilities(provider, base.model, overrides);
  if (capabilities.responses && provider.responses !== undefined) {
    return responsesTarget({ ...base, endpoint: provider.responses }, provider, overrides);
  }
  const { images, imageUrls, pdfs } = capabilities;
  return {
    ...base,
    dialect: 'openai-chat',
    capabilities,
    resendsReasoning: capabilities.replayReasoning !== 'none',
    inlineMedia: inlineMedia({ images: images && !imageUrls, pdfs }),
    reportsPromptFirst: false,
  };
}

function responsesTarget(
  base: TargetParts,
  server: ChatServer,
  overrides: readonly ModelOverride[],
  corrections: ResponsesCorrections = {},
): ResponsesTarget {
  const capabilities = responsesCapabilities(server, base.model, overrides, corrections);
  const { encryptedReasoning: resendsReasoning, images, imageUrls, pdfs, fileUrls } = capabilities;
  return {
    ...base,
    dialect: 'openai-responses',
    capabilities,
    resendsReasoning,
    inlineMedia: inlineMedia({ images: images && !imageUrls, pdfs: pdfs && !fileUrls }),
    reportsPromptFirst: false,
  };
}

/** Clients choose the names of models, so the number of targets of a provider has a bound. */
const rememberedMax = 1000;
const rememberedNameMaxLength = 200;

/** Claude Code asks for a window of a million tokens by a suffix, as in `opus[1m]`. */
export function withoutWindowSuffix(name: string): string {
  return name.replace(/(?<=.)\[1m\]$/iu, '');
}

/** Only Anthropic's servers know that suffix. */
export function withoutSuffix({ provider, model }: ModelReference): ModelReference {
  return { provider, model: provider.dialect === 'anthropic' ? model : withoutWindowSuffix(model) };
}

interface TargetsSettings {
  /** By the keys of targets. */
  readonly windows: ReadonlyMap<string, number>;
  readonly overrides: readonly ModelOverride[];
  readonly prices: PriceTable;
}

/**
 * Keeps the targets that were asked for. Of a model's limits the operator's `windows` count first, then the server's own
 * list, since a server may be started with less than its model could take, then what the model's name tells.
 */
export function createTargets({
  windows = new Map(),
  overrides = [],
  prices = listPricesAlone,
}: Partial<TargetsSettings> = {}): Targets {
  const byProvider = new Map<string, BoundedMap<Target>>();
  const listed = new Map<string, ReadonlyMap<string, ModelLimits>>();
  const told = createBoundedMap<ModelFacts>(rememberedMax);

  function limitsOf({ provider, model }: ModelReference, key: string): ModelLimits {
    const stated = listed.get(provider.name)?.get(model);
    const known = modelLimits(model);
    return {
      contextTokens: windows.get(key) ?? stated?.contextTokens ?? known.contextTokens,
      outputTokens: stated?.outputTokens ?? known.outputTokens,
    };
  }

  function rememberedOf(provider: string): BoundedMap<Target> {
    const remembered = byProvider.get(provider) ?? createBoundedMap(rememberedMax);
    byProvider.set(provider, remembered);
    return remembered;
  }

  function make(reference: ModelReference, key: string): Target {
    const limits = limitsOf(reference, key);
    const target = createTarget(reference, { overrides, limits, facts: told.get(key), prices });
    if (reference.model.length <= rememberedNameMaxLength) rememberedOf(reference.provider.name).set(key, target);
    return target;
  }

  return {
    of(requested) {
      const reference = withoutSuffix(requested);
      const key = targetKey(reference);
      return rememberedOf(reference.provider.name).get(key) ?? make(reference, key);
    },
    learnModel(reference, facts) {
      const key = targetKey(reference);
      told.set(key, facts);
      return make(reference, key);
    },
    learn(provider, models) {
      listed.set(provider, models);
      byProvider.delete(provider);
    },
    isListed: ({ provider, model }) => listed.get(provider.name)?.has(model) ?? false,
  };
}
