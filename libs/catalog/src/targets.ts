import { assertNever } from '@ccg/kernel';
import { anthropicCapabilities } from './capabilities/anthropic-capabilities.ts';
import type { AnthropicCapabilities } from './capabilities/anthropic-capabilities.ts';
import type { ChatCapabilities } from './capabilities/capabilities.ts';
import { chatCapabilities } from './capabilities/chat-capabilities.ts';
import { modelLimits } from './model-limits.ts';
import type { ModelLimits } from './model-limits.ts';
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
  /** Whether reasoning of earlier turns is sent again, and so is part of the prompt. */
  readonly resendsReasoning: boolean;
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

/** One model of one provider in one dialect, with everything about it that does not change from request to request. */
export type Target = AnthropicTarget | ChatTarget;

/** The targets of a process, each built once. */
export interface Targets {
  of(reference: ModelReference): Target;
  /** Takes what a provider says of its models, in the place of what it said before. */
  learn(provider: string, limits: ReadonlyMap<string, ModelLimits>): void;
}

/** `{provider}:{model}`. A provider's name has no colon, so two references never share a key. */
export function targetKey({ provider, model }: ModelReference): string {
  return `${provider.name}:${model}`;
}

/** Resolves a reference. Costs a few dozen regular expressions: requests take theirs from `Targets`. */
export function createTarget(reference: ModelReference, limits: ModelLimits = modelLimits(reference.model)): Target {
  const { provider, model } = reference;
  const base = { key: targetKey(reference), provider, model, endpoint: provider.endpoint, limits };
  switch (provider.dialect) {
    case 'anthropic': {
      const capabilities = anthropicCapabilities(provider.profile);
      const { passthrough } = capabilities;
      return { ...base, dialect: 'anthropic', capabilities, resendsReasoning: true, reportsPromptFirst: passthrough };
    }
    case 'openai-chat': {
      const capabilities = chatCapabilities(provider, model);
      const resendsReasoning = capabilities.replayReasoning !== 'none';
      return { ...base, dialect: 'openai-chat', capabilities, resendsReasoning, reportsPromptFirst: false };
    }
    default:
      return assertNever(provider);
  }
}

/** Clients choose the names of models, so what is kept of them has an end: the oldest is built again. */
const rememberedMax = 1000;
const rememberedNameMaxLength = 200;

/**
 * Keeps the targets that were asked for. Of a model's limits the operator's `windows` count first, then the server's own
 * list, since a server may be started with less than its model could take, then what the model's name tells.
 */
export function createTargets({ windows }: { readonly windows: ReadonlyMap<string, number> }): Targets {
  const targets = new Map<string, Target>();
  const listed = new Map<string, ReadonlyMap<string, ModelLimits>>();

  function limitsOf({ provider, model }: ModelReference, key: string): ModelLimits {
    const stated = listed.get(provider.name)?.get(model);
    const known = modelLimits(model);
    return {
      contextTokens: windows.get(key) ?? stated?.contextTokens ?? known.contextTokens,
      outputTokens: stated?.outputTokens ?? known.outputTokens,
    };
  }

  return {
    of(reference) {
      const key = targetKey(reference);
      const remembered = targets.get(key);
      if (remembered !== undefined) return remembered;
      const target = createTarget(reference, limitsOf(reference, key));
      if (reference.model.length > rememberedNameMaxLength) return target;
      targets.set(key, target);
      const [oldest] = targets.keys();
      if (targets.size > rememberedMax && oldest !== undefined) targets.delete(oldest);
      return target;
    },
    learn(provider, limits) {
      listed.set(provider, limits);
      for (const [key, target] of targets) if (target.provider.name === provider) targets.delete(key);
    },
  };
}
