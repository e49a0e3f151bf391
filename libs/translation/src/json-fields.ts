import { decodeText, isJsonObject, isText, JsonDepthError, JsonSyntaxError, readJson } from '@ccg/wire';
import type { JsonObject, JsonValue, ReadJsonOptions } from '@ccg/wire';

/** The value if it is an object whose members were read, else undefined. */
export function asObject(value: JsonValue | undefined): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}

/** The value if it is an array, else an empty one. */
export function asList(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

/** The decoded text, or undefined if the value is no text. Only for short texts that must be read. */
export function asText(value: JsonValue | undefined): string | undefined {
  return isText(value) ? decodeText(value) : undefined;
}

/** The value as a count: a whole number, not negative. Anything else is undefined. */
export function asCount(value: JsonValue | undefined): number | undefined {
  const count = typeof value === 'number' ? Math.floor(value) : -1;
  return count >= 0 && Number.isSafeInteger(count) ? count : undefined;
}

/** The value of a byte string that is JSON, else undefined. */
export function tryReadJson(json: string, options?: ReadJsonOptions): JsonValue | undefined {
  try {
    return readJson(json, options);
  } catch (thrown) {
    if (thrown instanceof JsonSyntaxError || thrown instanceof JsonDepthError) return undefined;
    throw thrown;
  }
}

/** The value of a text that is JSON, as `JSON.parse` gives it, else undefined. */
export function tryParseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

/** An own member of the value, or undefined. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

/** The value if it is a list, else an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
