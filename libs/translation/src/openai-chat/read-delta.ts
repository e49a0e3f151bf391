import { isJsonObject, isText, RawJson, writeJson } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { textLiteral } from '../encoder/text-literal.ts';
import type { ToolFragment } from '../encoder/tool-calls.ts';
import { asCount, asList, asObject, asText } from '../json-fields.ts';

/** What one delta, or one whole message, says. All texts are contents of JSON string literals. */
export interface ChatDelta {
  readonly thinking: readonly string[];
  readonly text: readonly string[];
  readonly tools: readonly ToolFragment[];
}

/** The members that carry reasoning, by server; only the first of them counts, since some send the same text in two. */
export const reasoningFields: readonly string[] = ['reasoning_content', 'reasoning'];

/** Reads a streamed delta or the message of a whole answer; null where an object should be says nothing. */
export function readDelta(delta: JsonObject, extent: 'piece' | 'whole'): ChatDelta {
  const thinking = reasoningFields.map((field) => delta[field]).find(isText);
  const parts = contentParts(delta['content']);
  const { refusal } = delta;
  return {
    thinking: [...(isText(thinking) ? [textLiteral(thinking)] : []), ...parts.thinking],
    text: [...parts.text, ...(isText(refusal) ? [textLiteral(refusal)] : [])],
    tools: asList(delta['tool_calls'])
      .map(asObject)
      .filter(isJsonObject)
      .map((call) => readToolFragment(call, extent)),
  };
}

/** Text, or Mistral's list of parts, where reasoning is a part that holds parts. */
function contentParts(content: JsonValue | undefined): { thinking: readonly string[]; text: readonly string[] } {
  if (isText(content)) return { thinking: [], text: [textLiteral(content)] };
  const thinking: string[] = [];
  const text: string[] = [];
  for (const part of asList(content).map(asObject)) {
    if (part === undefined) continue;
    if (asText(part['type']) === 'thinking') {
      const inner = contentParts(part['thinking']);
      thinking.push(...inner.text);
    } else if (isText(part['text'])) text.push(textLiteral(part['text']));
  }
  return { thinking, text };
}

function readToolFragment(call: JsonObject, extent: 'piece' | 'whole'): ToolFragment {
  const definition = asObject(call['function']) ?? {};
  return {
    index: asCount(call['index']),
    id: nonEmpty(call['id']),
    name: nonEmpty(definition['name']),
    input: inputLiteral(definition['arguments']),
    whole: extent === 'whole',
  };
}

function nonEmpty(value: JsonValue | undefined): string | undefined {
  const literal = isText(value) ? textLiteral(value) : '';
  return literal === '' ? undefined : literal;
}

/** Arguments are a JSON text; some servers send the object itself. */
function inputLiteral(value: JsonValue | undefined): string | undefined {
  if (isText(value)) return textLiteral(value);
  if (!isJsonObject(value) && !(value instanceof RawJson)) return undefined;
  // A byte string stays one: only quotes and backslashes of the JSON are escaped here.
  return JSON.stringify(writeJson(value)).slice(1, -1);
}
