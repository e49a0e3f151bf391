import { randomUUID } from 'node:crypto';

import { jsonAt, jsonListAt, jsonTextAt } from './json-at.ts';
import { callsTools, pieces, usualUsage } from './model-turn.ts';
import type { ModelPart, ModelTurn, ModelUsage } from './model-turn.ts';
import { head, jsonScript, write } from './script.ts';
import type { Script } from './script.ts';
import type { RecordedRequest } from './recorded-request.ts';

/** The frames of one streamed answer of the Messages API, without HTTP around them; text and arguments come in small pieces. */
export function anthropicFrames(turn: ModelTurn, model: string): string[] {
  const usage = anthropicUsage(turn.usage ?? usualUsage);
  const start = { ...message(turn, model), content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } };
  return [
    frame('message_start', { message: start }),
    frame('ping', {}),
    ...turn.content.flatMap(blockFrames),
    frame('message_delta', { delta: { stop_reason: stopReason(turn), stop_sequence: null }, usage }),
    frame('message_stop', {}),
  ];
}

/** One frame of the Messages API; its data carries the event's name as `type`. */
export function anthropicFrame(name: string, data: Readonly<Record<string, unknown>>): string {
  return frame(name, data);
}

export function anthropicSseHead(headers: Readonly<Record<string, string>> = {}): Script {
  return [head(200, { 'content-type': 'text/event-stream; charset=utf-8', 'request-id': 'req_upstream', ...headers })];
}

/** Answers a Messages request with one turn, streamed or whole as the request has it. */
export function anthropicScript(request: RecordedRequest, turn: ModelTurn): Script {
  const body = request.json();
  const model = jsonTextAt(body, 'model');
  if (jsonAt(body, 'stream') === true) return [...anthropicSseHead(), ...anthropicFrames(turn, model).map(write)];
  return jsonScript(200, message(turn, model), { 'request-id': 'req_upstream' });
}

/** How many turns of the model are in a Messages request. */
export function anthropicTurnsSoFar(request: RecordedRequest): number {
  return jsonListAt(request.json(), 'messages').filter((entry) => jsonAt(entry, 'role') === 'assistant').length;
}

function blockFrames(part: ModelPart, index: number): string[] {
  const shell =
    part.kind === 'text' ? { type: 'text', text: '' } : { type: 'tool_use', id: part.id, name: part.name, input: {} };
  const deltas =
    part.kind === 'text'
      ? pieces(part.text).map((text) => ({ type: 'text_delta', text }))
      : ['', ...pieces(JSON.stringify(part.input))].map((partialJson) => ({
          type: 'input_json_delta',
          partial_json: partialJson,
        }));
  return [
    frame('content_block_start', { index, content_block: shell }),
    ...deltas.map((delta) => frame('content_block_delta', { index, delta })),
    frame('content_block_stop', { index }),
  ];
}

function message(turn: ModelTurn, model: string): Readonly<Record<string, unknown>> {
  return {
    // Claude Code takes two answers with one id for one answer.
    id: `msg_${randomUUID()}`,
    type: 'message',
    role: 'assistant',
    model,
    content: turn.content.map((part) =>
      part.kind === 'text'
        ? { type: 'text', text: part.text }
        : { type: 'tool_use', id: part.id, name: part.name, input: part.input },
    ),
    stop_reason: stopReason(turn),
    stop_sequence: null,
    usage: anthropicUsage(turn.usage ?? usualUsage),
  };
}

function anthropicUsage({ input, cacheRead, output, reasoning, cacheWrites }: ModelUsage): object {
  const { fiveMinutes = 0, hour = 0 } = cacheWrites ?? {};
  return {
    input_tokens: input,
    cache_creation_input_tokens: fiveMinutes + hour,
    ...(cacheWrites === undefined
      ? {}
      : { cache_creation: { ephemeral_5m_input_tokens: fiveMinutes, ephemeral_1h_input_tokens: hour } }),
    cache_read_input_tokens: cacheRead,
    output_tokens: output,
    ...(reasoning === undefined ? {} : { output_tokens_details: { thinking_tokens: reasoning } }),
  };
}

function stopReason(turn: ModelTurn): string {
  return callsTools(turn) ? 'tool_use' : 'end_turn';
}

function frame(name: string, data: Readonly<Record<string, unknown>>): string {
  return `event: ${name}\ndata: ${JSON.stringify({ type: name, ...data })}\n\n`;
}
