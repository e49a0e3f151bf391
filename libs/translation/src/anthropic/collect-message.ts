import {
  createSseDecoder,
  decodeText,
  encodeText,
  isText,
  joinBytes,
  joinTexts,
  noUsage,
  RawJson,
  stringToBytes,
  writeJson,
} from '@ccg/wire';
import type { JsonObject, JsonText, JsonValue, SseEvent } from '@ccg/wire';
import { brokenToolCallError } from '../encoder/stream-errors.ts';
import { asCount, asList, asObject, asText, tryReadJson } from '../json-fields.ts';
import type { Answer, AnswerCollector, Progress } from '../translation.ts';
import { readForm } from './answer-form.ts';
import { readAnswer } from './answer.ts';
import { createAnthropicStream } from './stream.ts';
import type { StreamNames } from './passage.ts';

/** Collects an answer of Anthropic into one message: a document as it comes, events block by block. */
export function createAnthropicCollector(named: StreamNames): AnswerCollector {
  let chosen: AnswerCollector | undefined;
  const chosenOrEvents = () => (chosen ??= collectEvents(named));
  return {
    push(bytes) {
      if (chosen !== undefined) {
        chosen.push(bytes);
        return;
      }
      const opening = readForm(bytes);
      if (opening.kind === 'undecided') return;
      chosen = opening.kind === 'document' ? collectDocument(named) : collectEvents(named);
      chosen.push(opening.bytes);
    },
    end() {
      chosenOrEvents().end();
    },
    fail(failure) {
      chosenOrEvents().fail(failure);
    },
    progress: () => chosen?.progress() ?? nothingYet,
    answer: () => chosenOrEvents().answer(),
  };
}

const nothingYet: Progress = {
  visible: false,
  usage: noUsage,
  usageSource: 'estimated',
  state: 'open',
  finishedAt: undefined,
  error: undefined,
};

function collectDocument(named: StreamNames): AnswerCollector {
  let pieces: Uint8Array[] = [];
  let document: Answer | undefined;
  const whole = (): Answer => {
    document ??= readAnswer(joinBytes(pieces), named);
    pieces = [];
    return document;
  };
  return {
    push(bytes) {
      pieces.push(bytes);
    },
    end() {
      whole();
    },
    fail(error) {
      document ??= { kind: 'failure', error };
    },
    progress() {
      if (document === undefined) return nothingYet;
      if (document.kind === 'failure') return { ...nothingYet, state: 'failed', error: document.error };
      return { ...nothingYet, state: 'complete', usage: document.usage, usageSource: document.usageSource };
    },
    answer: whole,
  };
}

function collectEvents(named: StreamNames): AnswerCollector {
  const builder = createMessageBuilder();
  const decoder = createSseDecoder(builder.take);
  const events = createAnthropicStream((frames) => {
    decoder.push(typeof frames === 'string' ? stringToBytes(frames) : frames);
  }, named);
  return {
    ...events,
    answer() {
      const { error, usage, usageSource } = events.progress();
      if (error !== undefined) return { kind: 'failure', error };
      const message = builder.message();
      if (message.kind === 'whole') return { kind: 'message', body: message.json, usage, usageSource };
      return { kind: 'failure', error: brokenToolCallError(named.provider, message.tool) };
    },
  };
}

type BuiltMessage =
  | { readonly kind: 'whole'; readonly json: string }
  | { readonly kind: 'broken'; readonly tool: string };

interface MessageBuilder {
  take(this: void, event: SseEvent): void;
  message(): BuiltMessage;
}

/** A block and the pieces that fill its members. */
interface OpenBlock {
  readonly start: JsonObject;
  readonly texts: Record<'text' | 'thinking' | 'signature' | 'partial_json', JsonText[]>;
  readonly citations: JsonValue[];
}

/** Puts the events of a stream together, as clients do. */
function createMessageBuilder(): MessageBuilder {
  let message: JsonObject = {};
  const blocks = new Map<number, OpenBlock>();

  function addDelta(index: number, { text, thinking, signature, partial_json, citation }: JsonObject): void {
    const block = blocks.get(index);
    if (block === undefined) return;
    if (isText(text)) block.texts.text.push(text);
    if (isText(thinking)) block.texts.thinking.push(thinking);
    if (isText(signature)) block.texts.signature.splice(0, Infinity, signature);
    if (isText(partial_json)) block.texts.partial_json.push(partial_json);
    if (citation !== undefined) block.citations.push(citation);
  }

  return {
    take({ data }) {
      const event = asObject(tryReadJson(data)) ?? {};
      const index = asCount(event['index']) ?? 0;
      switch (asText(event['type'])) {
        case 'message_start':
          message = asObject(event['message']) ?? {};
          return;
        case 'content_block_start':
          blocks.set(index, openBlock(asObject(event['content_block']) ?? {}));
          return;
        case 'content_block_delta':
          addDelta(index, asObject(event['delta']) ?? {});
          return;
        case 'message_delta': {
          const { delta, usage, context_management } = event;
          const counted = { ...asObject(message['usage']), ...known(asObject(usage)) };
          message = { ...message, ...asObject(delta), context_management, usage: counted };
          return;
        }
        case undefined:
        default:
      }
    },
    message() {
      const isCut = asText(message['stop_reason']) === 'max_tokens';
      const content: JsonValue[] = [];
      for (const block of blocks.values()) {
        const closed = closeBlock(block);
        if (closed !== undefined) content.push(closed);
        // A document cannot hold half of a JSON text.
        else if (!isCut) return { kind: 'broken', tool: asText(block.start['name']) ?? '' };
      }
      return { kind: 'whole', json: writeJson({ ...message, content }) };
    },
  };
}

function openBlock(start: JsonObject): OpenBlock {
  return { start, texts: { text: [], thinking: [], signature: [], partial_json: [] }, citations: [] };
}

/** Undefined where the input is no JSON. */
function closeBlock({ start, texts, citations }: OpenBlock): JsonObject | undefined {
  const block = { ...start };
  for (const name of ['text', 'thinking', 'signature'] as const) {
    const begun = start[name];
    if (texts[name].length > 0) block[name] = joinTexts([...(isText(begun) ? [begun] : []), ...texts[name]], '');
  }
  if (citations.length > 0) block['citations'] = [...asList(start['citations']), ...citations];
  const json = encodeText(decodeText(joinTexts(texts.partial_json, ''))).trim();
  if (json === '') return block;
  if (asObject(tryReadJson(json)) === undefined) return undefined;
  return { ...block, input: new RawJson(json, 0, json.length) };
}

/** Without the counts that a later report leaves out. */
function known(usage: JsonObject = {}): JsonObject {
  return Object.fromEntries(Object.entries(usage).filter(([, count]) => count !== null));
}
