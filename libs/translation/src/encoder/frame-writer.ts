import { errorFrame, encodeText, sseFrame } from '@ccg/wire';
import type { Usage } from '@ccg/wire';
import { jsonLiteral } from '../json-literal.ts';
import type { BlockWriter, MessageHead, MessageEnd } from './block-writer.ts';
import { searchBlocks } from './web-searches.ts';
import type { WebSearch } from './block-writer.ts';

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
    search(search) {
      frames += searchFrames(nextIndex, search);
      nextIndex += 2;
    },
    closeCut: close,
    end(end) {
      frames += messageEndFrames(end);
    },
    fail(error) {
      frames += errorFrame(error, head.requestId);
    },
    hasBlocks: () => nextIndex > 0,
    take() {
      const taken = frames;
      frames = '';
      return taken;
    },
  };
}

/** The kinds of content block that a translated answer has. */
export type BlockKind = 'text' | 'thinking' | 'tool_use';

function messageStartFrame(head: MessageHead, usage: Usage): string {
  const rest = `"content":[],"stop_reason":null,"stop_sequence":null,"usage":${usageJson(usage)}`;
  return sseFrame('message_start', `{"type":"message_start","message":{${messageHeadJson(head)},${rest}}}`);
}

function textStartFrame(index: number): string {
  return blockStartFrame(index, '{"type":"text","text":""}');
}

function thinkingStartFrame(index: number): string {
  return blockStartFrame(index, '{"type":"thinking","thinking":"","signature":""}');
}

/** All of the block is in its start. */
function redactedStartFrame(index: number, data: string): string {
  return blockStartFrame(index, `{"type":"redacted_thinking","data":"${data}"}`);
}

/** The input always comes in deltas: what stands in the start frame is ignored by Claude Code. */
function toolStartFrame(index: number, tool: { readonly id: string; readonly name: string }): string {
  return blockStartFrame(index, `{"type":"tool_use","id":"${tool.id}","name":"${tool.name}","input":{}}`);
}

/** The input comes in a delta, as at the Anthropic API; what was found is in the start of its block. */
function searchFrames(index: number, search: WebSearch): string {
  const input = jsonLiteral(`{"query":"${search.query}"}`);
  const delta = `{"type":"input_json_delta","partial_json":"${input}"}`;
  return (
    blockStartFrame(index, `{"type":"server_tool_use","id":"${search.id}","name":"web_search","input":{}}`) +
    sseFrame('content_block_delta', `{"type":"content_block_delta","index":${index},"delta":${delta}}`) +
    blockStopFrame(index) +
    blockStartFrame(index + 1, searchBlocks(search).result) +
    blockStopFrame(index + 1)
  );
}

/** All of a delta frame up to the content of its text; `deltaTail` follows it. */
function deltaHead(index: number, kind: BlockKind): string {
  const head = `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":`;
  switch (kind) {
    case 'text':
      return `${head}{"type":"text_delta","text":"`;
    case 'thinking':
      return `${head}{"type":"thinking_delta","thinking":"`;
    case 'tool_use':
      return `${head}{"type":"input_json_delta","partial_json":"`;
  }
}

const deltaTail = '"}}\n\n';

/** A thinking block has exactly one, before it stops. */
function signatureFrame(index: number, signature: string): string {
  return sseFrame(
    'content_block_delta',
    `{"type":"content_block_delta","index":${index},"delta":{"type":"signature_delta","signature":"${signature}"}}`,
  );
}

function blockStopFrame(index: number): string {
  return sseFrame('content_block_stop', `{"type":"content_block_stop","index":${index}}`);
}

export const messageStopFrame = sseFrame('message_stop', '{"type":"message_stop"}');

/** The two frames that end a message. */
function messageEndFrames({ stopReason, stopSequence, usage, webSearches }: MessageEnd): string {
  const sequence = stopSequence === undefined ? 'null' : `"${stopSequence}"`;
  const delta = `{"stop_reason":"${stopReason}","stop_sequence":${sequence}}`;
  return (
    sseFrame(
      'message_delta',
      `{"type":"message_delta","delta":${delta},"usage":${deltaUsageJson(usage, webSearches)}}`,
    ) + messageStopFrame
  );
}

/** The members of a message that are known before its content. */
export function messageHeadJson({ id, model }: Pick<MessageHead, 'id' | 'model'>): string {
  return `"id":${textJson(id)},"type":"message","role":"assistant","model":${textJson(model)}`;
}

/** Usage as a whole message carries it. Every member is there: clients read some without looking. */
export function usageJson(usage: Usage, webSearches = 0): string {
  const writes = `"cache_creation":{"ephemeral_5m_input_tokens":${usage.cacheWriteTokens},"ephemeral_1h_input_tokens":0}`;
  const searches = webSearches === 0 ? ',"server_tool_use":null' : '';
  return `${deltaUsageJson(usage, webSearches).slice(0, -1)},${writes}${searches},"service_tier":"standard"}`;
}

function deltaUsageJson(usage: Usage, webSearches: number): string {
  const searches =
    webSearches === 0 ? '' : `,"server_tool_use":{"web_search_requests":${webSearches},"web_fetch_requests":0}`;
  return (
    `{"input_tokens":${usage.inputTokens},"cache_creation_input_tokens":${usage.cacheWriteTokens},` +
    `"cache_read_input_tokens":${usage.cacheReadTokens},"output_tokens":${usage.outputTokens},` +
    `"output_tokens_details":{"thinking_tokens":${usage.reasoningTokens}}${searches}}`
  );
}

function blockStartFrame(index: number, blockJson: string): string {
  return sseFrame(
    'content_block_start',
    `{"type":"content_block_start","index":${index},"content_block":${blockJson}}`,
  );
}

function textJson(text: string): string {
  return encodeText(JSON.stringify(text));
}
