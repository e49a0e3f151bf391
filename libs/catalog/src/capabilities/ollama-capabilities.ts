import { traitsByName, traitsByOperator, unknownModel } from './known-models.ts';
import type { Effort, ModelOverride, OperatorThinking } from './model-traits.ts';

/** What a server tells of one of its models. Undefined is unknown. */
export interface ModelFacts {
  readonly contextTokens: number | undefined;
  readonly images: boolean | undefined;
  readonly thinks: boolean | undefined;
}

/** How `think` is set. */
type OllamaThinking =
  /** The model does not think, and Ollama refuses to make it. */
  | { readonly kind: 'never' }
  /** `true` or `false`. Nothing said means `true` to Ollama. */
  | { readonly kind: 'switch' }
  /** A level; thinking cannot be switched off. */
  | { readonly kind: 'levels'; readonly levels: readonly Effort[] };

/** All that a translation for Ollama reads of its target. */
export interface OllamaCapabilities {
  /** The same in every request to a model: Ollama loads the model again when it changes. */
  readonly contextTokens: number;
  readonly keepAlive: string | number;
  readonly images: boolean;
  readonly thinking: OllamaThinking;
  /** What the operator decided about thinking, of models that have a switch. */
  readonly operatorThinking: OperatorThinking | undefined;
  /** Whether tool calls that the model writes as plain text are tool calls. */
  readonly textCalls: boolean;
}

interface OllamaModel {
  readonly contextTokens: number;
  readonly keepAlive: string | number;
  readonly facts: ModelFacts | undefined;
  readonly overrides: readonly ModelOverride[];
}

/** The capabilities of a model: what the operator says counts first, then what the server tells, then the model's name. */
export function ollamaCapabilities(model: string, settings: OllamaModel): OllamaCapabilities {
  const { contextTokens, keepAlive, facts, overrides } = settings;
  const byName = traitsByName(model);
  const {
    images = facts?.images ?? byName.images ?? unknownModel.images,
    textCalls = false,
    operatorThinking,
  } = traitsByOperator(model, overrides);
  return {
    contextTokens,
    keepAlive,
    images,
    textCalls,
    operatorThinking,
    thinking: thinkingOf(byName.thinking, facts),
  };
}

/** Only gpt-oss takes levels, and no switch. A switch is tried where nothing is known: `false` is never refused. */
function thinkingOf(
  byName: (typeof unknownModel)['thinking'] | undefined,
  facts: ModelFacts | undefined,
): OllamaThinking {
  if (byName?.kind === 'levels') return { kind: 'levels', levels: byName.levels };
  return { kind: facts?.thinks === false ? 'never' : 'switch' };
}

/** Reads the answer of `/api/show`. Undefined for what does not look like one. */
export function readModelFacts(answer: unknown): ModelFacts | undefined {
  const info = at(answer, 'model_info');
  if (typeof info !== 'object' || info === null) return undefined;
  // The key begins with the architecture: `llama.context_length`.
  const [, length] = Object.entries(info).find(([name]) => name.endsWith('.context_length')) ?? [];
  const abilities = at(answer, 'capabilities');
  const can = (ability: string) => (Array.isArray(abilities) ? abilities.includes(ability) : undefined);
  const contextTokens = typeof length === 'number' && Number.isSafeInteger(length) && length > 0 ? length : undefined;
  return { contextTokens, images: can('vision'), thinks: can('thinking') };
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
