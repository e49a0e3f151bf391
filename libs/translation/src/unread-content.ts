import { isEmptyText, isJsonObject, isText, RawJson } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';

/** The members in which the servers of any protocol put parts of an answer. */
const contentNames = new Set(
  `answer arguments args choice choices completion content content_block data delta function function_call functions
  generated_text input message messages output output_text parameters partial_json part parts reasoning
  reasoning_content response result text thinking token tool_call tool_calls`.split(/\s+/u),
);
/** They count or describe, whatever their members are called. */
const otherNames = new Set(['usage', 'error', 'x_groq', 'timings', 'metadata', 'prompt_filter_results']);
const depthMax = 8;

/** Whether an object of unknown form may hold a part of the answer: a text in a member that is named like one. */
export function mayHoldContent(value: JsonValue | undefined, depth = 0): boolean {
  if (depth > depthMax) return true;
  if (Array.isArray(value)) return value.some((element) => mayHoldContent(element, depth + 1));
  if (!isJsonObject(value)) return false;
  return Object.entries(value).some(([name, member]) => {
    // A message in words is for people.
    if (otherNames.has(name) || (name === 'message' && isText(member))) return false;
    return contentNames.has(name) ? holdsText(member, depth + 1) : mayHoldContent(member, depth + 1);
  });
}

function holdsText(value: JsonValue | undefined, depth: number): boolean {
  if (isText(value)) return !isEmptyText(value);
  if (Array.isArray(value)) return value.some((element) => holdsText(element, depth + 1));
  return value instanceof RawJson || mayHoldContent(value, depth);
}

/** Whether a value says nothing: absent, null, or empty. */
export function isVoid(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === false) return true;
  if (isText(value)) return isEmptyText(value);
  if (Array.isArray(value)) return value.length === 0;
  return isJsonObject(value) && Object.keys(value).length === 0;
}

/** Whether a member that holds text can be read, or is left out. */
export function isTextOrNull(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || isText(value);
}

/** Whether any of the members says something. */
export function hasAny(object: JsonObject, names: readonly string[]): boolean {
  return names.some((name) => !isVoid(object[name]));
}

/** Whether the arguments of a call have a known form: an object, a text that holds one, or nothing. PHP writes `[]` for none. */
export function isKnownInput(input: JsonValue | undefined): boolean {
  if (input instanceof RawJson) {
    const isList = input.source[input.start] === '[';
    return isList ? /^\[\s*\]$/u.test(input.source.slice(input.start, input.end)) : input.source[input.start] === '{';
  }
  return isTextOrNull(input) || isJsonObject(input) || (Array.isArray(input) && input.length === 0);
}
