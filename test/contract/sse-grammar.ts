import { collectFrames, jsonAt, jsonListAt, jsonTextAt } from '@ccg/testkit';

/** How a stream ended. */
type StreamEnd = 'message' | 'error' | 'nothing';

/** A stream that kept to the grammar, taken apart. */
export interface ParsedStream {
  readonly end: StreamEnd;
  readonly stopReason: string | undefined;
  /** The type of the `error` event, where there was one. */
  readonly errorType: string | undefined;
  readonly content: readonly ParsedBlock[];
  /** The usage of the last `message_delta`. */
  readonly usage: Readonly<Record<string, unknown>>;
}

export type ParsedBlock =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thinking'; readonly thinking: string; readonly signature: string }
  | { readonly type: 'redacted_thinking'; readonly data: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly inputJson: string }
  | { readonly type: 'server_tool_use'; readonly id: string; readonly name: string; readonly inputJson: string }
  | { readonly type: 'web_search_tool_result'; readonly id: string };

interface ReaderState {
  readonly content: ParsedBlock[];
  open: { block: ParsedBlock; signatures: number } | undefined;
  phase: 'before' | 'content' | 'delta' | 'over';
  end: StreamEnd;
  stopReason: string | undefined;
  errorType: string | undefined;
  usage: Readonly<Record<string, unknown>>;
}

const usageFields = ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens', 'output_tokens'];

/**
 * Reads an Anthropic event stream and throws at the first thing that the grammar does not allow:
 *
 *     stream  := message_start block* message_delta message_stop | prefix error
 *     block i := content_block_start content_block_delta* content_block_stop    i = 0, 1, 2 …, never two open
 *
 * Pings may stand anywhere before the end, nothing after it. Tool input is a JSON object when its block stops,
 * unless the whole message says `max_tokens`; ids of tool calls are unique; usage is always whole. Written apart from
 * the encoder, so that a shared mistake cannot hide.
 */
export function parseStream(text: string): ParsedStream {
  if (text !== '' && !text.endsWith('\n\n')) throw new Error('the last frame is not finished');
  const state: ReaderState = {
    content: [],
    open: undefined,
    phase: 'before',
    end: 'nothing',
    stopReason: undefined,
    errorType: undefined,
    usage: {},
  };
  for (const { event, data } of collectFrames(text)) step(state, event, JSON.parse(data));
  checkWhole(state);
  return { ...state };
}

function step(state: ReaderState, name: string, data: unknown): void {
  if (state.phase === 'over') throw new Error(`${name} after the end`);
  if (jsonTextAt(data, 'type') !== name) throw new Error(`event ${name} holds a ${jsonTextAt(data, 'type')}`);
  switch (name) {
    case 'ping':
      return;
    case 'message_start':
      start(state, data);
      return;
    case 'content_block_start':
      startBlock(state, data);
      return;
    case 'content_block_delta':
      addDelta(state, data);
      return;
    case 'content_block_stop':
      stopBlock(state, data);
      return;
    case 'message_delta':
      endMessage(state, data);
      return;
    case 'message_stop':
      expectPhase(state, 'delta', name);
      state.phase = 'over';
      state.end = 'message';
      return;
    case 'error':
      state.errorType = jsonTextAt(data, 'error', 'type');
      if (state.errorType === '' || jsonTextAt(data, 'error', 'message') === '')
        throw new Error('an error without words');
      state.phase = 'over';
      state.end = 'error';
      return;
    default:
      throw new Error(`unknown event ${name}`);
  }
}

function start(state: ReaderState, data: unknown): void {
  expectPhase(state, 'before', 'message_start');
  const message = jsonAt(data, 'message');
  for (const field of ['id', 'model'])
    if (jsonTextAt(message, field) === '') throw new Error(`message without ${field}`);
  if (jsonAt(message, 'role') !== 'assistant' || jsonAt(message, 'type') !== 'message')
    throw new Error('not a message');
  if (jsonListAt(message, 'content').length > 0) throw new Error('content in message_start');
  checkUsage(jsonAt(message, 'usage'));
  state.phase = 'content';
}

function startBlock(state: ReaderState, data: unknown): void {
  expectPhase(state, 'content', 'content_block_start');
  if (state.open !== undefined) throw new Error('a block opened inside a block');
  if (jsonAt(data, 'index') !== state.content.length) throw new Error('an index that does not follow');
  const block = readBlockStart(jsonAt(data, 'content_block'));
  state.open = { block, signatures: 0 };
}

function readBlockStart(block: unknown): ParsedBlock {
  switch (jsonAt(block, 'type')) {
    case 'text':
      if (jsonAt(block, 'text') !== '') throw new Error('text in its start');
      return { type: 'text', text: '' };
    case 'thinking':
      if (jsonAt(block, 'thinking') !== '' || jsonAt(block, 'signature') !== '')
        throw new Error('thinking in its start');
      return { type: 'thinking', thinking: '', signature: '' };
    case 'redacted_thinking': {
      const data = jsonTextAt(block, 'data');
      if (data === '') throw new Error('redacted thinking without data');
      return { type: 'redacted_thinking', data };
    }
    case 'web_search_tool_result': {
      const id = jsonTextAt(block, 'tool_use_id');
      if (!/^srvtoolu_\w+$/u.test(id)) throw new Error('a search without an id');
      checkSearchResult(jsonAt(block, 'content'));
      return { type: 'web_search_tool_result', id };
    }
    case 'server_tool_use':
    case 'tool_use': {
      const type = jsonAt(block, 'type') === 'tool_use' ? 'tool_use' : 'server_tool_use';
      const [id, name] = [jsonTextAt(block, 'id'), jsonTextAt(block, 'name')];
      if (id === '' || name === '') throw new Error('a tool call without id or name');
      if (JSON.stringify(jsonAt(block, 'input')) !== '{}') throw new Error('input in its start');
      return { type, id, name, inputJson: '' };
    }
    default:
      throw new Error('an unknown block');
  }
}

/** Clients read these members of a page without looking. */
function checkSearchResult(content: unknown): void {
  if (jsonTextAt(content, 'type') === 'web_search_tool_result_error') return;
  if (!Array.isArray(content)) throw new Error('a search without a list of pages');
  for (const page of content) {
    if (jsonTextAt(page, 'url') === '' || typeof jsonAt(page, 'title') !== 'string')
      throw new Error('a page of nowhere');
    if (typeof jsonAt(page, 'encrypted_content') !== 'string') throw new Error('a page without content');
  }
}

function addDelta(state: ReaderState, data: unknown): void {
  const { open } = state;
  if (open === undefined || jsonAt(data, 'index') !== state.content.length)
    throw new Error('a delta outside its block');
  const delta = jsonAt(data, 'delta');
  const { block } = open;
  const key = `${block.type} ${jsonTextAt(delta, 'type')}`;
  if (open.signatures > 0) throw new Error('a delta after the signature');
  if (block.type === 'text' && key === 'text text_delta')
    open.block = { ...block, text: block.text + piece(delta, 'text') };
  else if (block.type === 'thinking' && key === 'thinking thinking_delta') {
    open.block = { ...block, thinking: block.thinking + piece(delta, 'thinking') };
  } else if (block.type === 'thinking' && key === 'thinking signature_delta') {
    open.block = { ...block, signature: jsonTextAt(delta, 'signature') };
    open.signatures += 1;
  } else if ('inputJson' in block && key === `${block.type} input_json_delta`) {
    open.block = { ...block, inputJson: block.inputJson + piece(delta, 'partial_json') };
  } else throw new Error(`${key} does not fit`);
}

function piece(delta: unknown, field: string): string {
  const text = jsonTextAt(delta, field);
  if (text === '') throw new Error('an empty delta');
  return text;
}

function stopBlock(state: ReaderState, data: unknown): void {
  const { open } = state;
  if (open === undefined || jsonAt(data, 'index') !== state.content.length) throw new Error('a stop outside its block');
  if (open.block.type === 'thinking' && open.signatures !== 1) throw new Error('thinking without one signature');
  if (open.block.type === 'text' && open.block.text.trim() === '') throw new Error('a text block with nothing to see');
  state.content.push(open.block);
  state.open = undefined;
}

function endMessage(state: ReaderState, data: unknown): void {
  expectPhase(state, 'content', 'message_delta');
  if (state.open !== undefined) throw new Error('message_delta inside a block');
  state.stopReason = jsonTextAt(data, 'delta', 'stop_reason');
  if (state.stopReason === '') throw new Error('no stop reason');
  const usage = jsonAt(data, 'usage');
  checkUsage(usage);
  state.usage = Object.fromEntries(usageFields.map((field) => [field, jsonAt(usage, field)]));
  state.phase = 'delta';
}

function checkUsage(usage: unknown): void {
  for (const field of usageFields) {
    const count = jsonAt(usage, field);
    if (typeof count !== 'number' || count < 0 || !Number.isInteger(count)) throw new Error(`usage without ${field}`);
  }
}

/** What can only be judged when all has been read. */
function checkWhole({ content, end, stopReason, phase }: ReaderState): void {
  if (phase === 'delta') throw new Error('message_delta without message_stop');
  const calls = content.filter((block) => block.type === 'tool_use');
  if (new Set(calls.map((call) => call.id)).size < calls.length) throw new Error('two calls with one id');
  const searches = content.filter((block) => block.type === 'server_tool_use');
  const results = content.filter((block) => block.type === 'web_search_tool_result');
  if (searches.map(({ id }) => id).join() !== results.map(({ id }) => id).join())
    throw new Error('a search without a result');
  for (const { inputJson } of searches)
    if (!isJsonObject(inputJson)) throw new Error(`a search for nothing: ${inputJson}`);
  for (const call of calls) {
    // Only the last call can have been cut by the token limit.
    const mayBeCut = stopReason === 'max_tokens' && call === content.at(-1);
    if (!mayBeCut && !isJsonObject(call.inputJson)) throw new Error(`input that is no object: ${call.inputJson}`);
  }
  if (end !== 'message') return;
  if (stopReason === 'tool_use' && calls.length === 0) throw new Error('tool_use without a call');
  if (stopReason === 'end_turn' && calls.length > 0) throw new Error('end_turn after a call');
  if (stopReason === 'end_turn' && content.every((block) => block.type === 'thinking'))
    throw new Error('an empty answer');
}

function isJsonObject(json: string): boolean {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function expectPhase(state: ReaderState, phase: ReaderState['phase'], event: string): void {
  if (state.phase !== phase) throw new Error(`${event} in phase ${state.phase}`);
}
