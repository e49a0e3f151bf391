import { decodeText, encodeText, RawText } from '@ccg/wire';
import type { Answer, AnswerCollector, FrameSink, StreamTranslator } from '../translation.ts';
import type { BlockWriter, MessageHead } from './block-writer.ts';
import type { Encoder } from './encoder.ts';
import { messageHeadJson, usageJson } from './frame-writer.ts';
import type { BlockKind } from './frame-writer.ts';
import { searchBlocks } from './web-searches.ts';

/** Writes a message as one JSON document. */
export function createMessageWriter(head: MessageHead): BlockWriter {
  const blocks: string[] = [];
  let open: { readonly head: string; readonly kind: BlockKind } | undefined;
  let content = '';
  let message = '';
  let opened = false;

  function openBlock(kind: BlockKind, blockHead: string): void {
    open = { kind, head: blockHead };
    content = '';
    opened = true;
  }

  return {
    begin() {
      // A document is written at its end.
    },
    openText(kind) {
      openBlock(kind, `{"type":"${kind}","${kind}":"`);
    },
    openTool({ id, name }) {
      openBlock('tool_use', `{"type":"tool_use","id":"${id}","name":"${name}","input":`);
    },
    delta(literal) {
      content += literal;
    },
    close() {
      if (open === undefined) return;
      blocks.push(open.head + blockTail(open.kind, content));
      open = undefined;
    },
    closeThinking(signature) {
      if (open !== undefined) blocks.push(`${open.head}${content}","signature":"${signature}"}`);
      open = undefined;
    },
    redacted(data) {
      opened = true;
      blocks.push(`{"type":"redacted_thinking","data":"${data}"}`);
    },
    search(search) {
      opened = true;
      const { use, result } = searchBlocks(search);
      blocks.push(use, result);
    },
    closeCut() {
      // A document cannot hold half of a JSON text.
      open = undefined;
    },
    end({ stopReason, stopSequence, usage, webSearches }) {
      const sequence = stopSequence === undefined ? 'null' : `"${stopSequence}"`;
      message =
        `{${messageHeadJson(head)},"content":[${blocks.join(',')}],"stop_reason":"${stopReason}",` +
        `"stop_sequence":${sequence},"stop_details":null,"usage":${usageJson(usage, webSearches)}}`;
    },
    fail() {
      // The error replaces the whole document.
    },
    hasBlocks: () => opened,
    take: () => message,
  };
}

/** How large an answer in one piece may be. */
export const wholeAnswer = { maxEventBytes: 64 * 1024 * 1024 };

/** Collects an answer of any form into one document; `translatorFor` reads it as it reads a stream. */
export function createAnswerCollector<E extends Encoder>(
  head: MessageHead,
  encoderFor: (writer: BlockWriter, sink: FrameSink) => E,
  translatorFor: (encoder: E) => StreamTranslator,
): AnswerCollector {
  let body = '';
  const translator = translatorFor(
    encoderFor(createMessageWriter(head), (document) => {
      body = String(document);
    }),
  );
  return {
    ...translator,
    answer() {
      const { error, usage, usageSource } = translator.progress();
      return error === undefined ? { kind: 'message', body, usage, usageSource } : { kind: 'failure', error };
    },
  };
}

/** Reads an answer that has come as a whole. */
export function collectWhole(collector: AnswerCollector, body: Uint8Array): Answer {
  collector.push(body);
  collector.end();
  return collector.answer();
}

function blockTail(kind: BlockKind, content: string): string {
  if (kind !== 'tool_use') return `${content}"}`;
  return `${encodeText(decodeText(new RawText(content, 0, content.length)))}}`;
}
