import { errorFrame } from '@ccg/wire';
import type { BlockWriter, MessageHead } from './block-writer.ts';
import {
  blockStopFrame,
  deltaHead,
  deltaTail,
  messageEndFrames,
  messageStartFrame,
  redactedStartFrame,
  signatureFrame,
  textStartFrame,
  thinkingStartFrame,
  toolStartFrame,
} from './frames.ts';
import type { BlockKind } from './frames.ts';

/** Writes a message as an Anthropic event stream. */
export function createFrameWriter(head: MessageHead): BlockWriter {
  let frames = '';
  let started = false;
  let nextIndex = 0;
  let open: { readonly kind: BlockKind; readonly deltaHead: string } | undefined;

  function openBlock(kind: BlockKind, startFrame: string): void {
    frames += startFrame;
    open = { kind, deltaHead: deltaHead(nextIndex, kind) };
    nextIndex += 1;
  }

  function close(): void {
    frames += blockStopFrame(nextIndex - 1);
    open = undefined;
  }

  return {
    begin(usage) {
      if (!started) frames += messageStartFrame(head, usage);
      started = true;
    },
    openText(kind) {
      openBlock(kind, kind === 'text' ? textStartFrame(nextIndex) : thinkingStartFrame(nextIndex));
    },
    openTool(tool) {
      openBlock('tool_use', toolStartFrame(nextIndex, tool));
    },
    delta(literal) {
      if (open !== undefined && literal !== '') frames += open.deltaHead + literal + deltaTail;
    },
    close,
    closeThinking(signature) {
      frames += signatureFrame(nextIndex - 1, signature);
      close();
    },
    redacted(data) {
      frames += redactedStartFrame(nextIndex, data) + blockStopFrame(nextIndex);
      nextIndex += 1;
    },
    closeCut: close,
    end(end) {
      frames += messageEndFrames(end);
    },
    fail(error) {
      frames += errorFrame(error);
    },
    hasBlocks: () => nextIndex > 0,
    take() {
      const taken = frames;
      frames = '';
      return taken;
    },
  };
}
