import { jsonAt, jsonListAt, jsonTextAt } from './json-at.ts';
import { pieces, usualUsage } from './model-turn.ts';
import type { ModelPart, ModelTurn } from './model-turn.ts';
import { head, jsonScript, write } from './script.ts';
import type { Script } from './script.ts';
import type { RecordedRequest } from './recorded-request.ts';

/** The lines of one answer of Ollama: text in small pieces, calls whole, and `stop` after calls too. */
export function ollamaLines(turn: ModelTurn, model: string): string[] {
  const calls = turn.content.filter((part) => part.kind === 'tool-call');
  const messages = turn.content.flatMap((part) =>
    messagesOf(
      part,
      calls.findIndex((call) => call === part),
    ),
  );
  return [...messages.map((message) => ollamaLine(model, { message, done: false })), lastLine(turn, model, '', [])];
}

/** One line, with its end. */
export function ollamaLine(model: string, fields: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ model, created_at: '2026-11-22T10:00:00.000000001Z', ...fields })}\n`;
}

/** Answers `/api/chat` with one turn, as lines or as one document; refuses what Ollama would. */
export function ollamaScript(request: RecordedRequest, turn: ModelTurn): Script {
  const body = request.json();
  const fault = ollamaFault(body);
  if (fault !== undefined) return jsonScript(400, { error: fault });
  const model = jsonTextAt(body, 'model');
  if (jsonAt(body, 'stream') !== false) {
    return [head(200, { 'content-type': 'application/x-ndjson' }), ...ollamaLines(turn, model).map(write)];
  }
  const text = turn.content.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('');
  const calls = turn.content.filter((part) => part.kind === 'tool-call').map((part, index) => callOf(part, index));
  return [head(200, { 'content-type': 'application/json; charset=utf-8' }), write(lastLine(turn, model, text, calls))];
}

/** How many turns of the model are in a request. */
export function ollamaTurnsSoFar(request: RecordedRequest): number {
  return jsonListAt(request.json(), 'messages').filter((entry) => jsonAt(entry, 'role') === 'assistant').length;
}

/** What `/api/show` tells of a model. */
export function ollamaModelScript(contextTokens: number, abilities: readonly string[]): Script {
  return jsonScript(200, {
    details: { family: 'llama' },
    model_info: { 'general.architecture': 'llama', 'llama.context_length': contextTokens },
    capabilities: ['completion', ...abilities],
  });
}

function ollamaFault(body: unknown): string | undefined {
  for (const message of jsonListAt(body, 'messages')) {
    if (typeof jsonAt(message, 'content') !== 'string') {
      return 'json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string';
    }
    for (const call of jsonListAt(message, 'tool_calls')) {
      if (typeof jsonAt(call, 'function', 'arguments') !== 'object') {
        return 'json: cannot unmarshal string into Go struct field ToolCallFunction.messages.tool_calls.function.arguments';
      }
    }
  }
  return undefined;
}

function messagesOf(part: ModelPart, callIndex: number): unknown[] {
  if (part.kind === 'text') return pieces(part.text).map((content) => ({ role: 'assistant', content }));
  return [{ role: 'assistant', content: '', tool_calls: [callOf(part, callIndex)] }];
}

function callOf({ id, name, input }: Extract<ModelPart, { kind: 'tool-call' }>, index: number): unknown {
  return { id, function: { index, name, arguments: input } };
}

function lastLine(turn: ModelTurn, model: string, content: string, calls: readonly unknown[]): string {
  const { input, cacheRead, output } = turn.usage ?? usualUsage;
  return ollamaLine(model, {
    message: { role: 'assistant', content, ...(calls.length > 0 ? { tool_calls: calls } : {}) },
    done: true,
    done_reason: 'stop',
    prompt_eval_count: input + cacheRead,
    eval_count: output,
  });
}
