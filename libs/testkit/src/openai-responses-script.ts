import { jsonAt, jsonListAt, jsonTextAt } from './json-at.ts';
import { pieces, usualUsage } from './model-turn.ts';
import type { ModelPart, ModelTurn } from './model-turn.ts';
import { openAiResponsesFault } from './openai-responses-fault.ts';
import { head, jsonScript, write } from './script.ts';
import type { Script } from './script.ts';
import type { RecordedRequest } from './recorded-request.ts';

/** What a streamed response needs to know of its request. */
interface ResponsesStreamOptions {
  readonly model: string;
  /** The summary of reasoning and its encrypted content, which come before everything else. */
  readonly reasoning?: { readonly summary: string; readonly encrypted: string };
}

/** The frames of one streamed response; text and arguments come in small pieces, and wholes after them. */
export function openAiResponsesFrames(turn: ModelTurn, { model, reasoning }: ResponsesStreamOptions): string[] {
  let sequence = 0;
  const frame = (type: string, members: object): string => {
    sequence += 1;
    return openAiResponsesFrame(type, { ...members, sequence_number: sequence });
  };
  const output = outputOf(turn, reasoning);
  const response = {
    id: 'resp_scripted',
    object: 'response',
    model,
    output: [],
    error: null,
    incomplete_details: null,
  };
  return [
    frame('response.created', { response: { ...response, status: 'in_progress', usage: null } }),
    frame('response.in_progress', { response: { ...response, status: 'in_progress', usage: null } }),
    ...output.flatMap((item, index) => eventsOf(item, index).map(([type, members]) => frame(type, members))),
    frame('response.completed', { response: responseOf(turn, model, output) }),
  ];
}

/** One event of a response. */
export function openAiResponsesFrame(type: string, members: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;
}

/** Answers `/v1/responses` with one turn, streamed or whole as the request has it; refuses a request that OpenAI would. */
export function openAiResponsesScript(request: RecordedRequest, turn: ModelTurn): Script {
  const body = request.json();
  const fault = openAiResponsesFault(body);
  if (fault !== undefined) {
    return jsonScript(400, { error: { message: fault, type: 'invalid_request_error', param: null, code: null } });
  }
  const model = jsonTextAt(body, 'model');
  const index = openAiResponsesTurnsSoFar(request);
  const isAsked = jsonListAt(body, 'include').includes('reasoning.encrypted_content');
  const reasoning = { summary: `Thought ${index}`, encrypted: `encrypted-${index}` };
  const options = isAsked ? { model, reasoning } : { model };
  if (jsonAt(body, 'stream') !== true) {
    return jsonScript(200, responseOf(turn, model, outputOf(turn, options.reasoning)));
  }
  return [
    head(200, { 'content-type': 'text/event-stream; charset=utf-8' }),
    ...openAiResponsesFrames(turn, options).map(write),
  ];
}

/** How many turns of the model are in a request: runs of items that are the model's. */
export function openAiResponsesTurnsSoFar(request: RecordedRequest): number {
  const own = jsonListAt(request.json(), 'input').map(isOfModel);
  return own.filter((isOwn, index) => isOwn && own[index - 1] !== true).length;
}

function isOfModel(item: unknown): boolean {
  return (
    jsonAt(item, 'role') === 'assistant' ||
    jsonAt(item, 'type') === 'function_call' ||
    jsonAt(item, 'type') === 'reasoning'
  );
}

interface OutputItem {
  readonly type: string;
  readonly id: string;
  readonly [member: string]: unknown;
}

function outputOf(turn: ModelTurn, reasoning: ResponsesStreamOptions['reasoning']): OutputItem[] {
  const thought: OutputItem[] =
    reasoning === undefined
      ? []
      : [
          {
            type: 'reasoning',
            id: 'rs_0',
            summary: [{ type: 'summary_text', text: reasoning.summary }],
            encrypted_content: reasoning.encrypted,
          },
        ];
  return [...thought, ...turn.content.map((part, index) => itemOf(part, index))];
}

function itemOf(part: ModelPart, index: number): OutputItem {
  if (part.kind === 'text') {
    const content = [{ type: 'output_text', text: part.text, annotations: [], logprobs: [] }];
    return { type: 'message', id: `msg_${index}`, status: 'completed', role: 'assistant', content };
  }
  const { id, name, input } = part;
  const call = { call_id: id, name, arguments: JSON.stringify(input) };
  return { type: 'function_call', id: `fc_${index}`, status: 'completed', ...call };
}

type Event = readonly [type: string, members: object];

function eventsOf(item: OutputItem, index: number): Event[] {
  const place = { item_id: item.id, output_index: index };
  const added: Event = ['response.output_item.added', { output_index: index, item: begun(item) }];
  const done: Event = ['response.output_item.done', { output_index: index, item }];
  return [added, ...partsOf(item, place), done];
}

function partsOf(item: OutputItem, place: object): Event[] {
  if (item.type === 'reasoning') {
    const text = jsonTextAt(item, 'summary', 0, 'text');
    return streamed('response.reasoning_summary_text', { ...place, summary_index: 0 }, 'text', text);
  }
  if (item.type === 'message') {
    const text = jsonTextAt(item, 'content', 0, 'text');
    return streamed('response.output_text', { ...place, content_index: 0, logprobs: [] }, 'text', text);
  }
  return streamed('response.function_call_arguments', place, 'arguments', jsonTextAt(item, 'arguments'));
}

function streamed(type: string, place: object, member: string, text: string): Event[] {
  const deltas = pieces(text).map((delta): Event => [`${type}.delta`, { ...place, delta }]);
  return [...deltas, [`${type}.done`, { ...place, [member]: text }]];
}

/** The item without what comes in pieces. */
function begun(item: OutputItem): object {
  switch (item.type) {
    case 'message':
      return { ...item, status: 'in_progress', content: [] };
    case 'reasoning':
      return { type: item.type, id: item.id, summary: [] };
    default:
      return { ...item, status: 'in_progress', arguments: '' };
  }
}

function responseOf(turn: ModelTurn, model: string, output: readonly OutputItem[]): object {
  const { input, cacheRead, output: written, reasoning = 0 } = turn.usage ?? usualUsage;
  return {
    id: 'resp_scripted',
    object: 'response',
    created_at: 1_790_000_000,
    status: 'completed',
    error: null,
    incomplete_details: null,
    model,
    output,
    usage: {
      input_tokens: input + cacheRead,
      input_tokens_details: { cached_tokens: cacheRead },
      output_tokens: written,
      output_tokens_details: { reasoning_tokens: reasoning },
      total_tokens: input + cacheRead + written,
    },
  };
}
