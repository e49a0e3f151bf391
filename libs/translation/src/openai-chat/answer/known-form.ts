import { isJsonObject, isText } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { asList, asText } from '../../json-fields.ts';
import { isKeepAlive } from '../../failure/says-error.ts';
import { hasAny, isKnownInput, isTextOrNull, isVoid, mayHoldContent } from '../../unread-content.ts';

/**
 * The forms that the reader knows. Whatever may be a part of the answer and has another form ends the answer: a part
 * that is dropped unseen can turn what the model wrote, or the command that it runs, into another one.
 */
export function isKnownChunk(chunk: JsonObject): boolean {
  const { choices = null } = chunk;
  if (choices !== null && !Array.isArray(choices)) return false;
  const all = asList(choices);
  if (all.length === 0) return isKeepAlive(chunk) || !mayHoldContent(chunk);
  if (!all.every(isJsonObject) || hasAny(chunk, ['delta'])) return false;
  return !hasAny(chunk, strayCalls) || all.some(hasCalls);
}

/** Calls where no server of this dialect puts them. */
const strayCalls = ['tool_calls', 'toolCalls', 'tool_call', 'function_call', 'functionCall', 'function_calls'];

function hasCalls({ delta, message }: JsonObject): boolean {
  return [delta, message].some((part) => isJsonObject(part) && hasAny(part, ['tool_calls', 'function_call']));
}

/** Whether a choice can be read, in a stream or as a whole. */
export function isKnownChoice(choice: JsonObject): boolean {
  const { delta = null, message = null, text } = choice;
  if (hasAny(choice, [...strayCalls, 'content', 'parts', 'output']) && !hasCalls(choice)) return false;
  if (delta === null && message === null) return isVoid(text);
  return isKnownPart(delta, 'piece') && isKnownPart(message, 'whole');
}

/** Content under names that no server of this dialect uses. */
const strayNames = ['text', 'parts', 'output_text', 'delta', 'message', 'function', 'tool_call', 'arguments'];

const otherCalls = strayCalls.filter((name) => name !== 'tool_calls' && name !== 'function_call');

function isKnownPart(part: JsonValue, extent: 'piece' | 'whole'): boolean {
  if (part === null) return true;
  if (!isJsonObject(part)) return false;
  const { content, refusal, reasoning_content: thought, reasoning, reasoning_details: details } = part;
  if (!isKnownContent(content) || ![refusal, thought, reasoning].every(isReadableText)) return false;
  if (!isVoid(details) && !(Array.isArray(details) && details.every(isJsonObject))) return false;
  if (hasAny(part, otherCalls) && !hasAny(part, ['tool_calls', 'function_call'])) return false;
  return areKnownCalls(part, extent) && (!isVoid(content) || !isVoid(part['tool_calls']) || !hasAny(part, strayNames));
}

function isReadableText(value: JsonValue | undefined): boolean {
  return isText(value) || isVoid(value);
}

function isKnownContent(content: JsonValue | undefined): boolean {
  if (isReadableText(content)) return true;
  const parts = isJsonObject(content) ? [content] : content;
  return Array.isArray(parts) && parts.every((part) => isJsonObject(part) && isKnownContentPart(part));
}

/** A text, reasoning with parts of its own, or what is no text, such as an image. */
function isKnownContentPart(part: JsonObject): boolean {
  const type = asText(part['type']);
  if (type === 'thinking') return isKnownContent(part['thinking']);
  if (isText(part['text'])) return true;
  return type === 'text' || type === undefined ? 'text' in part && isVoid(part['text']) : !mayHoldContent(part);
}

function areKnownCalls({ tool_calls: calls, function_call: legacy }: JsonObject, extent: 'piece' | 'whole'): boolean {
  if (!isVoid(legacy) && !(isJsonObject(legacy) && isKnownFunction(legacy, extent))) return false;
  if (isVoid(calls)) return true;
  return Array.isArray(calls) && calls.every((call) => isJsonObject(call) && isKnownCall(call, extent));
}

function isKnownCall(call: JsonObject, extent: 'piece' | 'whole'): boolean {
  const { function: definition = null } = call;
  if (hasAny(call, ['name', 'custom', 'arguments', 'input', 'parameters'])) return false;
  if (definition === null) return extent === 'piece';
  return isJsonObject(definition) && isKnownFunction(definition, extent);
}

function isKnownFunction(definition: JsonObject, extent: 'piece' | 'whole'): boolean {
  const { name, arguments: input } = definition;
  if (!isTextOrNull(name) || !isKnownInput(input)) return false;
  if (extent === 'whole' && isVoid(name)) return false;
  return !isVoid(input) || !hasAny(definition, ['parameters', 'input', 'args', 'arguments_delta', 'partial_json']);
}
