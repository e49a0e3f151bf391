import { isEmptyText, isJsonObject, isText } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { inputLiteral, nonEmptyLiteral, textLiteral } from '../../json-literal.ts';
import type { ToolFragment } from '../../encoder/tool-calls.ts';
import { asCount, asList, asObject, asText } from '../../json-fields.ts';
import type { ReasoningPiece } from '../reasoning-state.ts';
import { unknownMembers } from './unknown-members.ts';
import { visibleDetails } from './reasoning-details.ts';

/** The content of one delta or of a whole message. Texts are contents of JSON string literals. */
export interface ChatDelta {
  readonly thinking: readonly ReasoningPiece[];
  /** OpenRouter's records of the reasoning: the same text as `thinking`, and parts that cannot be shown. */
  readonly details: readonly JsonObject[];
  readonly text: readonly string[];
  readonly tools: readonly ToolFragment[];
}

/** The members that hold reasoning, by server. Only the first counts: some servers send the same text in two. */
export const reasoningFields = ['reasoning_content', 'reasoning'] as const;

/** Reads a streamed delta or the message of a whole answer. Null instead of an object counts as absent. */
export function readDelta(delta: JsonObject, extent: 'piece' | 'whole'): ChatDelta {
  const details = asList(delta['reasoning_details']).filter(isJsonObject);
  const parts = contentParts(delta['content']);
  const { refusal } = delta;
  return {
    thinking: [
      ...(details.length === 0 ? plainReasoning(delta) : visibleDetails(details)),
      ...parts.thinking.map((literal) => ({ literal, origin: 'content' as const })),
    ],
    details,
    text: [...parts.text, ...(isText(refusal) ? [textLiteral(refusal)] : [])],
    tools: readCalls(delta).map((call) => readToolFragment(call, extent)),
  };
}

function plainReasoning(delta: JsonObject): readonly ReasoningPiece[] {
  for (const origin of reasoningFields) {
    const text = delta[origin];
    // Some servers leave one of the two empty.
    if (isText(text) && !isEmptyText(text)) return [{ literal: textLiteral(text), origin }];
  }
  return [];
}

/** Calls, or the single call of the older form. */
function readCalls(delta: JsonObject): readonly JsonObject[] {
  const calls = asList(delta['tool_calls']).filter(isJsonObject);
  const legacy = asObject(delta['function_call']);
  return calls.length === 0 && legacy !== undefined ? [{ function: legacy }] : calls;
}

/** Text, or Mistral's list of parts, in which reasoning is a part with parts. */
function contentParts(content: JsonValue | undefined): { thinking: readonly string[]; text: readonly string[] } {
  if (isText(content)) return { thinking: [], text: [textLiteral(content)] };
  const thinking: string[] = [];
  const text: string[] = [];
  for (const part of (isJsonObject(content) ? [content] : asList(content)).map(asObject)) {
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
    index: indexOf(call['index']),
    id: nonEmptyLiteral(call['id']),
    name: nonEmptyLiteral(definition['name']),
    input: inputLiteral(definition['arguments']),
    whole: extent === 'whole',
    members: unknownMembers(call),
  };
}

/** Some servers write the number as a text. */
function indexOf(index: JsonValue | undefined): number | undefined {
  const text = asText(index);
  return text !== undefined && /^\d{1,6}$/u.test(text) ? Number(text) : asCount(index);
}
