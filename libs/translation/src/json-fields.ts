import { decodeText, isJsonObject, isText, JsonDepthError, JsonSyntaxError, readJson } from '@ccg/wire';
import type { JsonObject, JsonValue, ReadJsonOptions } from '@ccg/wire';

/** The value as an object that was read, or undefined. */
export function asObject(value: JsonValue | undefined): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}

/** The value as an array, or an empty one. */
export function asList(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

/** The decoded text, or undefined where the value is none. Only for short texts that must be read. */
export function asText(value: JsonValue | undefined): string | undefined {
  return isText(value) ? decodeText(value) : undefined;
}

/** The value as a number of tokens or the like: a whole number, not negative. Anything else is undefined. */
export function asCount(value: JsonValue | undefined): number | undefined {
  const count = typeof value === 'number' ? Math.floor(value) : -1;
  return count >= 0 && Number.isSafeInteger(count) ? count : undefined;
}

/** The value that a byte string is the JSON of, or undefined where it is none. */
export function tryReadJson(json: string, options?: ReadJsonOptions): JsonValue | undefined {
  try {
    return readJson(json, options);
  } catch (thrown) {
    if (thrown instanceof JsonSyntaxError || thrown instanceof JsonDepthError) return undefined;
    throw thrown;
  }
}

/** What a text is the JSON of, as `JSON.parse` gives it; undefined where it is none. */
export function tryParseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

/** A member that the value itself has, or undefined. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

/** The value as a list, or an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
