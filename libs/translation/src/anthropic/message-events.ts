import { bytesToString, isJsonObject, isText, RawText, sseFrame, writeJson } from '@ccg/wire';
import type { JsonObject, JsonText, JsonValue } from '@ccg/wire';
import { messageStopFrame } from '../encoder/frame-writer.ts';
import { asList, asObject, asText, tryReadJson } from '../json-fields.ts';
import { jsonLiteral } from '../json-literal.ts';

/** A whole message of Anthropic as the events of a stream: a byte string. Nothing of it is lost. */
export function messageEvents(body: Uint8Array): string {
  const message = asObject(tryReadJson(bytesToString(body))) ?? {};
  const { content, stop_reason = null, stop_sequence = null, stop_details, container, context_management } = message;
  const { usage = {} } = message;
  const begun = { ...message, content: [], stop_reason: null, stop_sequence: null };
  const delta = { stop_reason, stop_sequence, stop_details, container };
  return (
    frame({ type: 'message_start', message: begun }) +
    asList(content)
      .flatMap((block, index) => (isJsonObject(block) ? blockEvents(block, index) : []))
      .join('') +
    frame({ type: 'message_delta', delta, context_management, usage }) +
    messageStopFrame
  );
}

function blockEvents(block: JsonObject, index: number): string {
  const { start, deltas } = cutBlock(block);
  return (
    frame({ type: 'content_block_start', index, content_block: start }) +
    deltas.map((delta) => frame({ type: 'content_block_delta', index, delta })).join('') +
    frame({ type: 'content_block_stop', index })
  );
}

/** The start of a block and the deltas that fill it. A block of a type that is not filled is all in its start. */
function cutBlock(block: JsonObject): { readonly start: JsonObject; readonly deltas: readonly JsonObject[] } {
  const { text, citations, thinking, signature, input } = block;
  switch (asText(block['type'])) {
    case 'text': {
      const cited = asList(citations).map((citation) => ({ type: 'citations_delta', citation }));
      const start = { ...block, text: '', citations: citations === undefined ? undefined : [] };
      return { start, deltas: [{ type: 'text_delta', text }, ...cited] };
    }
    case 'thinking': {
      const start = { ...block, thinking: '', signature: '' };
      const signed = signature === undefined ? [] : [{ type: 'signature_delta', signature }];
      return { start, deltas: [{ type: 'thinking_delta', thinking }, ...signed] };
    }
    case undefined:
    default: {
      if (input === undefined || input === null) return { start: block, deltas: [] };
      return {
        start: { ...block, input: {} },
        deltas: [{ type: 'input_json_delta', partial_json: jsonAsText(input) }],
      };
    }
  }
}

function jsonAsText(value: JsonValue): JsonText {
  const literal = isText(value) ? writeJson(value).slice(1, -1) : jsonLiteral(writeJson(value));
  return new RawText(literal, 0, literal.length);
}

function frame(event: JsonObject): string {
  return sseFrame(asText(event['type']) ?? '', writeJson(event));
}
