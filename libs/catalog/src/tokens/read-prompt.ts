import { isJsonObject, RawJson, RawText, readJson, textStartsWith, writeJson } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { fixedPart, messageTokens, priming } from './overheads.ts';
import { ownSpan, spanOf } from './prompt-text.ts';
import type { Part, Source, Span } from './prompt-text.ts';

/** Subtrees that stay slices of the source: they are digested first, and read only when nobody counted them before. */
const rawKeys: ReadonlySet<string> = new Set(['system', 'content', 'tools', 'metadata', 'output_config', 'safeguards']);
const depthMax = 512;

/**
 * The parts of a Messages or count_tokens body. What is not as it should be counts as nothing: to refuse it is not
 * the estimator's business. Throws `JsonSyntaxError` or `JsonDepthError`.
 */
export function readPrompt(source: Source): Part[] {
  const whole: Span = { source, start: 0, end: source.text.length };
  const body = readJson(source.text, { rawKeys, maxDepth: depthMax });
  if (!isJsonObject(body)) return [];
  const { system, messages, tools } = body;
  const parts: Part[] = [fixedPart(priming)];
  if (system !== undefined) parts.push(fixedPart(messageTokens), ...contentParts(system, whole, 0));
  for (const message of Array.isArray(messages) ? messages : []) {
    if (!isJsonObject(message)) continue;
    parts.push(fixedPart(messageTokens), ...contentParts(message['content'], whole, 0));
  }
  if (tools instanceof RawJson) parts.push({ kind: 'tools', span: spanOf(tools, whole) });
  return parts;
}

/** The client's own bookkeeping in the system prompt; no backend but Anthropic's is sent it. */
const attribution = 'x-anthropic-billing-header:';

/** Content is a text or an array of blocks. `depth` is how many arrays of blocks are around it. */
export function contentParts(content: JsonValue | undefined, within: Span, depth: number): Part[] {
  if (content instanceof RawJson) return [{ kind: 'blocks', span: spanOf(content, within), depth }];
  return textParts(content, within);
}

/** A text as a part; anything else counts as nothing. */
export function textParts(value: JsonValue | undefined, within: Span): Part[] {
  // Nothing else that was read is a text: only converters join some.
  if (!(value instanceof RawText) && (typeof value !== 'string' || value === '')) return [];
  if (textStartsWith(value, attribution)) return [];
  return [{ kind: 'text', span: value instanceof RawText ? spanOf(value, within) : ownSpan(value) }];
}

/** A value as the JSON that it is, without the white space between its tokens. */
export function jsonPart(value: JsonValue): Part {
  const compact = value instanceof RawJson ? readJson(writeJson(value)) : value;
  return { kind: 'json', span: ownSpan(writeJson(compact)) };
}

/** The objects of an array that stayed raw; `keys` stay raw within. */
export function readObjects(span: Span, keys: ReadonlySet<string>): JsonObject[] {
  const list = readJson(span.source.text.slice(span.start, span.end), { rawKeys: keys, maxDepth: depthMax });
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}
