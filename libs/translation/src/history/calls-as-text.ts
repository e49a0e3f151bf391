import {
  decodeJson,
  decodeText,
  encodeText,
  isJsonObject,
  joinTexts,
  mendSurrogates,
  RawJson,
  RawText,
  writeJson,
} from '@ccg/wire';
import type { JsonObject, JsonText, JsonValue } from '@ccg/wire';
import { memberOf, tryParseJson } from '../json-fields.ts';
import { jsonLiteral } from '../json-literal.ts';
import type { HistoryCall, HistoryStep } from './pair-tool-results.ts';
import { interruptedText } from './tool-result.ts';
import { textBlock } from './turns.ts';
import type { HistoryBlock } from './history-block.ts';

/** The same history with calls as text of the assistant and results as text of the user. */
export function callsAsText(steps: readonly HistoryStep[]): HistoryStep[] {
  const told: HistoryStep[] = [];
  for (const step of steps) {
    const next = asText(step);
    const last = told.at(-1);
    // Text of the user beside results belongs to the same turn.
    if (last?.kind === 'user' && next.kind === 'user') {
      told[told.length - 1] = { kind: 'user', blocks: [...last.blocks, ...next.blocks] };
    } else told.push(next);
  }
  return told;
}

function asText(step: HistoryStep): HistoryStep {
  switch (step.kind) {
    case 'user':
    case 'system':
      return step;
    case 'assistant':
      return { kind: 'assistant', blocks: [...step.blocks, ...step.calls.map(callText)], calls: [] };
    case 'results':
      return { kind: 'user', blocks: step.results.map(({ call, result }) => result ?? missing(call)) };
  }
}

function callText({ name, block }: HistoryCall): HistoryBlock {
  return textBlock(joinTexts(['[tool call ', name, ' ', argumentsText(block.block['input']), ']'], ''), block.path);
}

function missing({ block }: HistoryCall): HistoryBlock {
  return textBlock(`[tool result]\n${interruptedText}`, block.path);
}

/** The input of a call as JSON text in a string. Servers refuse an empty string, so no input is `{}`. */
export function argumentsText(input: JsonValue | undefined): JsonText {
  if (!isJsonObject(input) && !(input instanceof RawJson)) return '{}';
  const json = writeJson(input);
  if (!json.startsWith('{')) return '{}';
  if (json.includes('"__unparsedToolInput"')) return unparsedText(json, input);
  return quoted(json);
}

/** What the model wrote and the client could not parse goes back as it was, if it is an object after all. */
function unparsedText(json: string, input: JsonObject | RawJson): JsonText {
  const value = decodeJson(input);
  const told = memberOf(memberOf(value, '__unparsedToolInput'), 'raw');
  if (typeof told !== 'string') return quoted(json);
  const raw = mendSurrogates(told);
  const parsed = tryParseJson(raw);
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? raw : quoted(json);
}

/** The input of a call as an object, for servers that refuse anything else, a text that holds an object among it. */
export function argumentsObject(input: JsonValue | undefined): JsonValue {
  const json = input === undefined ? '' : writeJson(input);
  if (!json.startsWith('{')) return {};
  if (!json.includes('"__unparsedToolInput"')) return input ?? {};
  const text = encodeText(decodeText(argumentsText(input)));
  return new RawJson(text, 0, text.length);
}

/** Bytes stay as they are: only quotes, backslashes and line ends are escaped. */
function quoted(json: string): JsonText {
  const literal = jsonLiteral(json);
  return new RawText(literal, 0, literal.length);
}
