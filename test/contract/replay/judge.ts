import { collectFrames, jsonAt, jsonListAt, jsonTextAt } from '@ccg/testkit';
import { parseStream } from '../sse-grammar.ts';
import type { ReadExchange } from './read-exchange.ts';
import type { Replayed } from './replay-exchange.ts';

/** Whether what the client got is an answer or an error that Claude Code understands. */
export interface Verdict {
  readonly isGood: boolean;
  readonly text: string;
}

/** Judges by the grammar of Anthropic's answers. It cannot tell whether an answer says what the model said. */
export function judge(
  { target }: Pick<ReadExchange, 'target'>,
  { client, record, unanswered, sent }: Replayed,
): Verdict {
  if (unanswered > 0) {
    return bad(`the gateway made call ${sent.length}, of which the recording has no answer. Record the fault again.`);
  }
  if (record.outcome === 'gateway_internal') return bad('the gateway failed by itself (gateway_internal).');
  try {
    const told = client.headers['content-type'] ?? '';
    const passesThrough = target.dialect === 'anthropic' && target.capabilities.passthrough;
    if (told.startsWith('text/event-stream'))
      return passesThrough ? judgePassed(client.text) : judgeStream(client.text);
    return client.status < 300 ? judgeDocument(client.text, passesThrough) : judgeError(client.status, client.text);
  } catch (thrown) {
    return bad(`${thrown instanceof Error ? thrown.message : String(thrown)}.`);
  }
}

function good(text: string): Verdict {
  return { isGood: true, text };
}

function bad(text: string): Verdict {
  return { isGood: false, text };
}

function judgeStream(text: string): Verdict {
  const { end, stopReason, errorType } = parseStream(text);
  switch (end) {
    case 'message':
      return good(`a whole stream, stop reason ${stopReason}.`);
    case 'error':
      return good(`a stream that ends with an error event, ${errorType}.`);
    case 'nothing':
      return bad('a stream that ends with neither message_stop nor an error event.');
  }
}

/** The provider's own frames: only their end is the gateway's. */
function judgePassed(text: string): Verdict {
  const ends = collectFrames(text).map(({ event }) => event === 'message_stop' || event === 'error');
  if (!text.endsWith('\n\n') || ends.indexOf(true) !== ends.length - 1) {
    return bad('a passed stream that does not end with its first message_stop or error event.');
  }
  return good(`a passed stream, ended by ${collectFrames(text).at(-1)?.event}.`);
}

function judgeError(status: number, text: string): Verdict {
  const envelope: unknown = JSON.parse(text);
  const type = jsonTextAt(envelope, 'error', 'type');
  if (jsonAt(envelope, 'type') !== 'error' || type === '' || jsonTextAt(envelope, 'error', 'message') === '') {
    return bad(`status ${status} without Anthropic's error envelope.`);
  }
  return good(`status ${status}, ${type}.`);
}

/** A document says the same as a stream would, so it is judged as one. */
function judgeDocument(text: string, passesThrough: boolean): Verdict {
  const message: unknown = JSON.parse(text);
  const stopReason = jsonTextAt(message, 'stop_reason');
  if (!passesThrough) parseStream(asStream(message));
  else if (jsonAt(message, 'type') !== 'message' || stopReason === '') return bad('a document that is no message.');
  return good(`a whole message, stop reason ${stopReason}.`);
}

function asStream(message: unknown): string {
  const usage = jsonAt(message, 'usage');
  const start = { ...membersOf(message), content: [], stop_reason: null, stop_sequence: null };
  const blocks = jsonListAt(message, 'content').flatMap((block, index) => blockFrames(block, index));
  return [
    frame('message_start', { message: start }),
    ...blocks,
    frame('message_delta', { delta: { stop_reason: jsonAt(message, 'stop_reason') }, usage }),
    frame('message_stop', {}),
  ].join('');
}

/** What a block holds at its start, and the deltas that bring the rest. */
const deltasOf: Readonly<
  Record<string, (block: unknown) => { readonly start: object; readonly deltas: readonly object[] }>
> = {
  text: (block) => ({ start: { text: '' }, deltas: [{ type: 'text_delta', text: jsonAt(block, 'text') }] }),
  thinking: (block) => ({
    start: { thinking: '', signature: '' },
    deltas: [
      ...(jsonAt(block, 'thinking') === '' ? [] : [{ type: 'thinking_delta', thinking: jsonAt(block, 'thinking') }]),
      { type: 'signature_delta', signature: jsonAt(block, 'signature') },
    ],
  }),
  tool_use: (block) => ({
    start: { input: {} },
    deltas: [{ type: 'input_json_delta', partial_json: JSON.stringify(jsonAt(block, 'input')) }],
  }),
};

function blockFrames(block: unknown, index: number): string[] {
  const { start, deltas } = deltasOf[jsonTextAt(block, 'type')]?.(block) ?? { start: {}, deltas: [] };
  return [
    frame('content_block_start', { index, content_block: { ...membersOf(block), ...start } }),
    ...deltas.map((delta) => frame('content_block_delta', { index, delta })),
    frame('content_block_stop', { index }),
  ];
}

function frame(type: string, members: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;
}

function membersOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}
