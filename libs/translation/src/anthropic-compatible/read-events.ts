import { decodeByteString, isJsonObject, isText, readAnthropicUsage, writeJson } from '@ccg/wire';
import type { JsonObject, JsonValue, Usage } from '@ccg/wire';
import type { Encoder } from '../encoder/encoder.ts';
import type { EventTaker } from '../encoder/event-data.ts';
import type { AnswerParts, SnapshotEncoder } from '../encoder/filters/with-snapshots.ts';
import { gaveUpError, malformedError } from '../encoder/stream-errors.ts';
import type { ToolFragment } from '../encoder/tool-calls.ts';
import { membersBeyond } from '../tools/call-state.ts';
import { readFinishReason } from '../encoder/finish-reasons.ts';
import { jsonLiteral, textLiteral } from '../json-literal.ts';
import { asCount, asList, asObject, asText, tryReadJson } from '../json-fields.ts';
import { inBandFailure } from '../failure/upstream-failure.ts';
import type { FailureContext } from '../failure/tell-failure.ts';
import { isFailure, notAnAnswer, saysError } from '../failure/says-error.ts';
import { createToldBlocks } from './told-blocks.ts';
import type { ToldBlocks } from './told-blocks.ts';
import { createFormCheck, isKnownMessage, isNamed } from './known-form.ts';

/**
 * Reads the events of an Anthropic-compatible server into the encoder, which corrects them: blocks that stop late or
 * never, reasoning without a signature, events without a name, `[DONE]`, errors in OpenAI's form.
 */
export function createEventReader(encoder: SnapshotEncoder, context: FailureContext): EventTaker {
  let atStart: Usage | undefined;
  let hasBegun = false;
  const isKnown = createFormCheck();
  const blocks = createToldBlocks(encoder, context.provider);

  function takeEvent(event: JsonObject): void {
    if (saysError(event['error']) || saysError(event['base_resp']) || (!isNamed(event) && isFailure(event))) {
      encoder.fail(inBandFailure(event, context));
      return;
    }
    if (!isKnown(event)) {
      encoder.fail(malformedError(context.provider));
      return;
    }
    hasBegun = true;
    switch (asText(event['type'])) {
      case 'message_start':
        atStart = readAnthropicUsage(asObject(event['message'])?.['usage']);
        return;
      case 'content_block_start':
      case 'content_block_delta':
      case 'content_block_stop':
        readBlock(event, encoder, blocks);
        return;
      case 'message_delta':
        // The usage in the start is an estimate at best.
        if (isJsonObject(event['usage'])) encoder.usage(readAnthropicUsage(event['usage'], atStart));
        finish(encoder, asObject(event['delta']) ?? {}, context.provider);
        return;
      case 'message':
        encoder.snapshot(wholeMessage(event));
        finish(encoder, event, context.provider);
        return;
      case 'message_stop':
        encoder.snapshot(wholeMessage(asObject(event['message']) ?? {}));
        encoder.marker();
        return;
      case 'error':
        encoder.fail(inBandFailure(event, context));
        return;
      case undefined:
      default:
    }
  }

  return {
    known: () => false,
    chunk: takeEvent,
    document(document) {
      const isAnswer = isMessage(document) && !saysError(document['error']);
      if (isAnswer && !isKnownMessage(document)) encoder.fail(malformedError(context.provider));
      else if (isAnswer && !hasBegun) readMessage(document, encoder, context.provider);
      // Every event has a type.
      else if (!isAnswer && asText(document['type']) === undefined) encoder.fail(notAnAnswer(document, context));
      else takeEvent(document);
    },
    error(data) {
      encoder.fail(inBandFailure(tryReadJson(data) ?? decodeByteString(data), context));
    },
    marker() {
      // OpenAI's marker, which says nothing here.
    },
    hole() {
      encoder.fail(malformedError(context.provider));
    },
  };
}

/** Reads an event of one block. */
function readBlock(event: JsonObject, encoder: SnapshotEncoder, blocks: ToldBlocks): void {
  const index = asCount(event['index']);
  const block = asObject(event['content_block']);
  const delta = asObject(event['delta']);
  switch (asText(event['type'])) {
    case 'content_block_start':
      blocks.begin(index, block ?? {});
      startBlock(encoder, index, block ?? {});
      return;
    case 'content_block_delta':
      blocks.delta(index, delta ?? {});
      addDelta(encoder, index, delta ?? {});
      return;
    case undefined:
    default:
      if (block !== undefined) blocks.stop(index, block, inputOf(block['input']));
  }
}

/** A message that comes after its own events. */
function wholeMessage(message: JsonObject): AnswerParts {
  const blocks = blocksOf(message);
  const ofType = (type: string) => blocks.filter((block) => asText(block['type']) === type);
  return {
    thinking: ofType('thinking').map(({ thinking }) => ({ literal: literalOf(thinking), origin: '' })),
    details: [],
    text: ofType('text').map(({ text }) => literalOf(text)),
    tools: ofType('tool_use').map((block) => readCall(block, undefined, true)),
  };
}

/** The blocks of a message. Its content may be nothing but a text. */
function blocksOf({ content }: JsonObject): readonly JsonObject[] {
  if (isText(content)) return [{ type: 'text', text: content }];
  return asList(content).map((block) => asObject(block) ?? {});
}

/** Whether a document is a whole answer instead of an event of one. */
function isMessage(document: JsonObject): boolean {
  return asText(document['type']) === 'message' || Array.isArray(document['content']);
}

/** Reads a whole message of such a server into the encoder. */
function readMessage(message: JsonObject, encoder: SnapshotEncoder, provider: string): void {
  if (isJsonObject(message['usage'])) encoder.usage(readAnthropicUsage(message['usage']));
  for (const [index, block] of blocksOf(message).entries()) startBlock(encoder, index, block);
  finish(encoder, message, provider);
  encoder.marker();
}

/** The start of a block; in a whole message it is the whole block. */
function startBlock(encoder: SnapshotEncoder, index: number | undefined, block: JsonObject): void {
  const { text, thinking, signature, data } = block;
  switch (asText(block['type'])) {
    case 'text':
      encoder.begin('text', literalOf(text));
      return;
    case 'thinking':
      encoder.begin('thinking', literalOf(thinking));
      if (isText(signature) && literalOf(signature) !== '') encoder.signature(literalOf(signature));
      return;
    case 'redacted_thinking':
      encoder.redactedThinking(literalOf(data));
      return;
    case 'tool_use':
      encoder.toolCall(readCall(block, index, false));
      return;
    case undefined:
    default:
  }
}

/** `caller` and `cache_control` belong to the protocol, and say nothing that a server wants back. */
const knownMembers: ReadonlySet<string> = new Set(['type', 'id', 'name', 'input', 'caller', 'cache_control']);

function readCall(block: JsonObject, index: number | undefined, whole: boolean): ToolFragment {
  const { id, name, input } = block;
  const members = membersBeyond(block, knownMembers);
  return { index, id: some(id), name: some(name), input: inputOf(input), whole, members };
}

function addDelta(encoder: Encoder, index: number | undefined, delta: JsonObject): void {
  switch (asText(delta['type'])) {
    case 'text_delta':
      encoder.text(literalOf(delta['text']));
      return;
    case 'thinking_delta':
      encoder.thinking(literalOf(delta['thinking']));
      return;
    case 'signature_delta':
      if (literalOf(delta['signature']) !== '') encoder.signature(literalOf(delta['signature']));
      return;
    case 'input_json_delta': {
      const input = literalOf(delta['partial_json']);
      encoder.toolCall({ index, id: undefined, name: undefined, input, whole: false });
      return;
    }
    case undefined:
    default:
  }
}

function finish(encoder: Encoder, end: JsonObject, provider: string): void {
  const reason = readFinishReason(asText(end['stop_reason']));
  const sequence = end['stop_sequence'];
  if (reason.kind === 'gave-up') encoder.fail(gaveUpError(provider, reason.isOverloaded));
  if (reason.kind !== 'finished') return;
  const isSequence = reason.finish.kind === 'stop' && isText(sequence);
  encoder.finish(isSequence ? { kind: 'stop-sequence', literal: literalOf(sequence) } : reason.finish);
}

/** The input in a block's start, unless it is the empty object that deltas fill. */
function inputOf(input: JsonValue | undefined): string | undefined {
  const json = input === undefined || input === null ? '{}' : writeJson(input);
  return /^\{\s*\}$/u.test(json) ? undefined : jsonLiteral(json);
}

function literalOf(value: JsonValue | undefined): string {
  return isText(value) ? textLiteral(value) : '';
}

function some(value: JsonValue | undefined): string | undefined {
  const literal = literalOf(value);
  return literal === '' ? undefined : literal;
}
