import { bareName } from './capabilities/known-models.ts';

/** How much a model takes and gives; undefined is unknown. */
export interface ModelLimits {
  readonly contextTokens: number | undefined;
  readonly outputTokens: number | undefined;
}

/** By the name after a vendor's prefix (`openai/gpt-4.1`), the first match counts. Published by the vendors. */
const knownLimits: readonly (readonly [RegExp, ModelLimits])[] = [
  [/^gpt-4\.1/u, { contextTokens: 1_047_576, outputTokens: 32_768 }],
  [/^(?:gpt-4o|chatgpt-4o)/u, { contextTokens: 128_000, outputTokens: 16_384 }],
  [/^gpt-5[^-]*-chat/u, { contextTokens: 128_000, outputTokens: 16_384 }],
  [/^gpt-5(?:\.[1-3])?(?:-|$)/u, { contextTokens: 400_000, outputTokens: 128_000 }],
  [/^gpt-5\.\d+-(?:mini|nano)/u, { contextTokens: 400_000, outputTokens: 128_000 }],
  [/^gpt-5\.[4-5](?:-|$)/u, { contextTokens: 1_050_000, outputTokens: 128_000 }],
  [/^o(?:1|3|4)(?:-|$)/u, { contextTokens: 200_000, outputTokens: 100_000 }],
  [/^gemini-(?:[3-9]|\d\d|2\.5|(?:pro|flash)(?:-lite)?-latest)/u, { contextTokens: 1_048_576, outputTokens: 65_536 }],
  [/^gemini-2\.0/u, { contextTokens: 1_048_576, outputTokens: 8192 }],
  [/^gpt-oss/u, { contextTokens: 131_072, outputTokens: undefined }],
  [/^claude-(?:opus|sonnet|haiku|fable)-5/u, { contextTokens: 1_000_000, outputTokens: 128_000 }],
  [/^claude-(?:opus|sonnet|haiku)-4-5/u, { contextTokens: 200_000, outputTokens: 64_000 }],
];

/** What is known of a model by its name alone. */
export function modelLimits(model: string): ModelLimits {
  const name = bareName(model);
  const known = knownLimits.find(([pattern]) => pattern.test(name));
  return known?.[1] ?? { contextTokens: undefined, outputTokens: undefined };
}

/** More than any provider offers; a list without end must not fill the memory. */
const modelsMax = 5000;

/**
 * Reads a server's own list: its models, and what it says of their limits. OpenRouter's, vLLM's (and so NIM's),
 * llama.cpp's, Anthropic's, Gemini's and those that are like them; Ollama tells no window that is in force. Undefined for what does
 * not look like a list.
 */
export function readModelList(list: unknown): ReadonlyMap<string, ModelLimits> | undefined {
  const entries = at(list, 'data') ?? at(list, 'models');
  if (!Array.isArray(entries)) return undefined;
  const models = new Map<string, ModelLimits>();
  for (const entry of entries) {
    const id = at(entry, 'id') ?? at(entry, 'name');
    if (typeof id === 'string' && models.size < modelsMax) models.set(id.replace(/^models\//u, ''), readLimits(entry));
  }
  return models;
}

function readLimits(entry: unknown): ModelLimits {
  const provider = at(entry, 'top_provider');
  const contextTokens = first(
    // What serves a request counts, where it is less than the model was made for.
    at(provider, 'context_length'),
    at(at(entry, 'meta'), 'n_ctx'),
    at(entry, 'max_model_len'),
    at(entry, 'max_input_tokens'),
    at(entry, 'context_length'),
    at(entry, 'context_window'),
    at(entry, 'max_context_length'),
    at(entry, 'inputTokenLimit'),
  );
  const outputTokens = first(
    at(provider, 'max_completion_tokens'),
    at(entry, 'max_tokens'),
    at(entry, 'max_completion_tokens'),
    at(entry, 'max_output_tokens'),
    at(entry, 'outputTokenLimit'),
  );
  return { contextTokens, outputTokens };
}

function first(...values: readonly unknown[]): number | undefined {
  return values.find((value): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value > 0);
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
