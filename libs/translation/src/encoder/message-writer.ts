import { decodeText, encodeText, RawText } from '@ccg/wire';
import type { Answer, FrameSink } from '../translation.ts';
import type { BlockWriter, MessageHead } from './block-writer.ts';
import type { Encoder } from './encoder.ts';
import { messageHeadJson, usageJson } from './frame-writer.ts';
import type { BlockKind } from './frame-writer.ts';

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
    closeCut() {
      // A document cannot hold half of a JSON text.
      open = undefined;
    },
    end({ stopReason, stopSequence, usage }) {
      const sequence = stopSequence === undefined ? 'null' : `"${stopSequence}"`;
      message =
        `{${messageHeadJson(head)},"content":[${blocks.join(',')}],"stop_reason":"${stopReason}",` +
        `"stop_sequence":${sequence},"stop_details":null,"usage":${usageJson(usage)}}`;
    },
    fail() {
      // The error replaces the whole document.
    },
    hasBlocks: () => opened,
    take: () => message,
  };
}

/** Translates a whole answer. `read` tells the encoder, which `encoderFor` makes, what the answer says. */
export function translateDocument<E extends Encoder>(
  head: MessageHead,
  encoderFor: (writer: BlockWriter, sink: FrameSink) => E,
  read: (encoder: E) => void,
): Answer {
  let body = '';
  const encoder = encoderFor(createMessageWriter(head), (document) => {
    body = String(document);
  });
  read(encoder);
  const { error, usage, usageSource } = encoder.progress();
  if (error !== undefined) return { kind: 'failure', error };
  encoder.flush();
  return { kind: 'message', body, usage, usageSource };
}

function blockTail(kind: BlockKind, content: string): string {
  if (kind !== 'tool_use') return `${content}"}`;
  return `${encodeText(decodeText(new RawText(content, 0, content.length)))}}`;
}
