import { isJsonObject } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';

/** Members whose content is the model's or the server's own, whatever its members are called. */
const opaque = new Set(['args', 'error', 'response']);

/** A chunk as Gemini writes it. Google's service for its own tools wraps every chunk: `{"response": {…}}`. */
export function asGeminiChunk(chunk: JsonObject): JsonObject {
  const named = withGeminiNames(chunk);
  const { response } = named;
  return isJsonObject(response) && named['candidates'] === undefined ? withGeminiNames(response) : named;
}

/**
 * A chunk with the names that Gemini uses. Proxies that are written in Python write them in snake case: `function_call`. A
 * chunk without such names is returned as it is.
 */
function withGeminiNames(chunk: JsonObject): JsonObject {
  const entries = Object.entries(chunk);
  const named = entries.map(([name, value]): [string, JsonValue | undefined] => [
    inCamelCase(name),
    opaque.has(name) ? value : renamed(value),
  ]);
  const isSame = named.every(([name, value], at) => name === entries[at]?.[0] && value === entries[at][1]);
  return isSame ? chunk : Object.fromEntries(named);
}

function renamed(value: JsonValue | undefined): JsonValue | undefined {
  if (isJsonObject(value)) return withGeminiNames(value);
  if (!Array.isArray(value)) return value;
  const elements = value.map((element) => (isJsonObject(element) ? withGeminiNames(element) : element));
  return elements.every((element, at) => element === value[at]) ? value : elements;
}

function inCamelCase(name: string): string {
  return name.includes('_') ? name.replace(/(?<=[a-z\d])_([a-z\d])/gu, (_, next: string) => next.toUpperCase()) : name;
}
