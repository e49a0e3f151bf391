import type { ModelLimits } from './model-limits.ts';

/** More than any provider offers; a list without end must not fill the memory. */
const modelsMax = 5000;

/**
 * Reads what a server's own list says of its models' limits: OpenRouter's, vLLM's (and so NIM's), llama.cpp's,
 * Anthropic's and those that are like them. A model of which it says nothing is left out, and so is anything that does
 * not look like a list. Ollama tells no window that is in force.
 */
export function readModelList(list: unknown): ReadonlyMap<string, ModelLimits> {
  const entries = at(list, 'data');
  const limits = new Map<string, ModelLimits>();
  for (const entry of Array.isArray(entries) ? entries : []) {
    const id = at(entry, 'id');
    const found = readLimits(entry);
    if (typeof id === 'string' && found !== undefined && limits.size < modelsMax) limits.set(id, found);
  }
  return limits;
}

function readLimits(entry: unknown): ModelLimits | undefined {
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
  );
  const outputTokens = first(
    at(provider, 'max_completion_tokens'),
    at(entry, 'max_tokens'),
    at(entry, 'max_completion_tokens'),
    at(entry, 'max_output_tokens'),
  );
  return contextTokens === undefined && outputTokens === undefined ? undefined : { contextTokens, outputTokens };
}

function first(...values: readonly unknown[]): number | undefined {
  return values.find((value): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value > 0);
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
