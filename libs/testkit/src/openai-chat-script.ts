import { openAiChatFault } from './openai-chat-fault.ts';
import { jsonAt, jsonListAt, jsonTextAt } from './json-at.ts';
import { callsTools, pieces, usualUsage } from './model-turn.ts';
import type { ModelPart, ModelTurn, ModelUsage } from './model-turn.ts';
import { head, jsonScript, write } from './script.ts';
import type { Script } from './script.ts';
import type { RecordedRequest } from './recorded-request.ts';

/** What a streamed answer needs to know of its request. @internal */
export interface OpenAiChatStreamOptions {
  readonly model: string;
  /** Servers report usage only when `stream_options.include_usage` asks for it. */
  readonly includeUsage: boolean;
}

/** The frames of one streamed chat completion, `[DONE]` included; text and arguments come in small pieces. */
export function openAiChatFrames(turn: ModelTurn, options: OpenAiChatStreamOptions): string[] {
  const chunk = (delta: unknown, finishReason: string | null = null): string =>
    openAiChatFrame(options.model, { choices: [{ index: 0, delta, finish_reason: finishReason }] });
  const calls = turn.content.filter((part) => part.kind === 'tool-call');
  const indexOf = (part: ModelPart): number => calls.findIndex((call) => call === part);
  return [
    chunk({ role: 'assistant', content: '' }),
    ...turn.content.flatMap((part) => deltas(part, indexOf(part))).map((delta) => chunk(delta)),
    chunk({}, finishReason(turn)),
    ...(options.includeUsage
      ? [openAiChatFrame(options.model, { choices: [], usage: openAiUsage(turn.usage ?? usualUsage) })]
      : []),
    'data: [DONE]\n\n',
  ];
}

/** One `chat.completion.chunk` frame. */
export function openAiChatFrame(model: string, fields: Readonly<Record<string, unknown>>): string {
  return `data: ${JSON.stringify({ id: 'chatcmpl-scripted', object: 'chat.completion.chunk', created: 1_790_000_000, model, ...fields })}\n\n`;
}

export function openAiChatSseHead(headers: Readonly<Record<string, string>> = {}): Script {
  return [head(200, { 'content-type': 'text/event-stream; charset=utf-8', ...headers })];
}

/** Answers a chat completion request with one turn, streamed or whole as the request has it; refuses a request that OpenAI would. */
export function openAiChatScript(request: RecordedRequest, turn: ModelTurn): Script {
  const body = request.json();
  const fault = openAiChatFault(body);
  if (fault !== undefined)
    return jsonScript(400, { error: { message: fault, type: 'invalid_request_error', param: null, code: null } });
  const model = jsonTextAt(body, 'model');
  if (jsonAt(body, 'stream') !== true) return jsonScript(200, completion(turn, model));
  const includeUsage = jsonAt(body, 'stream_options', 'include_usage') === true;
  return [...openAiChatSseHead(), ...openAiChatFrames(turn, { model, includeUsage }).map(write)];
}

/** How many turns of the model are in a chat completion request. */
export function openAiChatTurnsSoFar(request: RecordedRequest): number {
  return jsonListAt(request.json(), 'messages').filter((entry) => jsonAt(entry, 'role') === 'assistant').length;
}

function deltas(part: ModelPart, callIndex: number): unknown[] {
  if (part.kind === 'text') return pieces(part.text).map((content) => ({ content }));
  const first = { index: callIndex, id: part.id, type: 'function', function: { name: part.name, arguments: '' } };
  const rest = pieces(JSON.stringify(part.input)).map((fragment) => ({
    index: callIndex,
    function: { arguments: fragment },
  }));
  return [first, ...rest].map((call) => ({ tool_calls: [call] }));
}

function completion(turn: ModelTurn, model: string): unknown {
  const text = turn.content.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('');
  const calls = turn.content.flatMap((part) =>
    part.kind === 'tool-call'
      ? [{ id: part.id, type: 'function', function: { name: part.name, arguments: JSON.stringify(part.input) } }]
      : [],
  );
  const message = {
    role: 'assistant',
    content: text === '' ? null : text,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
  return {
    id: 'chatcmpl-scripted',
    object: 'chat.completion',
    created: 1_790_000_000,
    model,
    choices: [{ index: 0, message, finish_reason: finishReason(turn) }],
    usage: openAiUsage(turn.usage ?? usualUsage),
  };
}

function openAiUsage(usage: ModelUsage): unknown {
  const promptTokens = usage.input + usage.cacheRead;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: usage.output,
    total_tokens: promptTokens + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cacheRead },
    ...(usage.reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: usage.reasoning } }),
  };
}

function finishReason(turn: ModelTurn): string {
  return callsTools(turn) ? 'tool_calls' : 'stop';
}
