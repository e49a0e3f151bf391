import { compactJson, isAttribution, RawJson, RawText, writeJson } from '@ccg/wire';
import type { JsonValue } from '@ccg/wire';
import { ownSpan, spanOf } from './prompt-text.ts';
import type { Part, Source } from './prompt-text.ts';

/** A text as a part; anything else counts as nothing. */
export function textParts(value: JsonValue | undefined, source: Source): Part[] {
  // Nothing else that was read is a text: only converters join some.
  if (!(value instanceof RawText) && (typeof value !== 'string' || value === '')) return [];
  // No backend but Anthropic's is sent it.
  if (isAttribution(value)) return [];
  return [{ kind: 'text', span: value instanceof RawText ? spanOf(value, source) : ownSpan(value) }];
}

/** A value as the JSON that it is, without the white space between its tokens. */
export function jsonPart(value: JsonValue): Part {
  const json = writeJson(value);
  return { kind: 'json', span: ownSpan(value instanceof RawJson ? compactJson(json) : json) };
}
