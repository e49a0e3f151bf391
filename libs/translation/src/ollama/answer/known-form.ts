import { isJsonObject } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { hasAny, isKnownInput, isTextOrNull, isVoid } from '../../unread-content.ts';

/**
 * Whether the reader knows the form of a line's message. A part that is dropped unseen can turn what the model wrote, or
 * the command that it runs, into another one.
 */
export function isKnownMessage(message: JsonValue | undefined): boolean {
  if (message === undefined || message === null) return true;
  if (!isJsonObject(message)) return false;
  const { content, thinking, tool_calls: calls } = message;
  if (!isTextOrNull(content) || !isTextOrNull(thinking) || hasAny(message, strayNames)) return false;
  return isVoid(calls) || (Array.isArray(calls) && calls.every((call) => isJsonObject(call) && isKnownCall(call)));
}

/** Whether a line holds a part of the answer outside of its message, as those of other APIs do. */
export function hasStrayContent(line: JsonObject): boolean {
  return hasAny(line, ['response', 'thinking', 'content', 'text', 'delta', 'choices', 'tool_calls']);
}

/** Content under names that Ollama does not use. */
const strayNames = ['text', 'parts', 'reasoning', 'reasoning_content', 'function_call'];

function isKnownCall({ function: definition, ...rest }: JsonObject): boolean {
  if (!isJsonObject(definition) || hasAny(rest, ['name', 'arguments', 'input', 'parameters'])) return false;
  const { name, arguments: input } = definition;
  return !isVoid(name) && isTextOrNull(name) && isKnownInput(input) && !hasAny(definition, ['input', 'parameters']);
}
