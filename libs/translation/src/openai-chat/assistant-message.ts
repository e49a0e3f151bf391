import { decodeJson, decodeText, isJsonObject, isText, joinTexts, RawJson, RawText, writeJson } from '@ccg/wire';
import type { JsonObject, JsonText, JsonValue } from '@ccg/wire';
import { jsonLiteral } from '../encoder/text-literal.ts';
import type { HistoryCall } from '../history/pair-tool-results.ts';
import type { HistoryBlock } from '../history/turn.ts';
import { memberOf, tryParseJson } from '../parsed-json.ts';
import type { ConversionContext } from './conversion-context.ts';
import { replayedReasoning } from './reasoning-replay.ts';

/** The assistant message with these blocks and calls, or nothing when neither is left. */
export function assistantMessage(
  blocks: readonly HistoryBlock[],
  calls: readonly HistoryCall[],
  context: ConversionContext,
): JsonObject[] {
  const texts = blocks.flatMap((block) => assistantTexts(block, context));
  if (texts.length === 0 && calls.length === 0) return [];
  return [
    {
      role: 'assistant',
      content: texts.length === 0 ? context.capabilities.emptyContent : joinTexts(texts, '\n\n'),
      ...replayedReasoning(blocks, calls.length > 0, context),
      tool_calls: calls.length === 0 ? undefined : calls.map((call) => toolCall(call, context)),
    },
  ];
}

function assistantTexts({ type, block, path }: HistoryBlock, { warnings }: ConversionContext): JsonText[] {
  switch (type) {
    case 'text': {
      const { text } = block;
      return isText(text) ? [text] : [];
    }
    case 'thinking':
    case 'redacted_thinking':
      // Reasoning of an earlier turn is no part of what was said.
      return [];
    default:
      warnings.add(path(), 'unsupported', `A ${type} block was left out.`);
      return [];
  }
}

function toolCall({ key, name, block }: HistoryCall, { toolIds, toolNames }: ConversionContext): JsonObject {
  const definition = {
    name: toolNames.inward(decodeText(name)),
    arguments: argumentsText(block.block['input']),
  };
  return { id: toolIds.inward(key), type: 'function', function: definition };
}

/** The input as the JSON text that it is, quotes escaped; servers refuse an empty text, so nothing becomes `{}`. */
export function argumentsText(input: JsonValue | undefined): JsonText {
  if (!isJsonObject(input) && !(input instanceof RawJson)) return '{}';
  const json = writeJson(input);
  if (!json.startsWith('{')) return '{}';
  if (json.includes('"__unparsedToolInput"')) return unparsedText(json, input);
  return quoted(json);
}

/** What the model wrote when the client could not parse it; sent back as it was when it is an object after all. */
function unparsedText(json: string, input: JsonObject | RawJson): JsonText {
  const value = decodeJson(input);
  const raw = memberOf(memberOf(value, '__unparsedToolInput'), 'raw');
  if (typeof raw !== 'string') return quoted(json);
  const parsed = tryParseJson(raw);
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? raw : quoted(json);
}

/** A byte string stays one: only quotes, backslashes and line ends are escaped. */
function quoted(json: string): JsonText {
  const literal = jsonLiteral(json);
  return new RawText(literal, 0, literal.length);
}
