/** One change of a request, under the row of the table that says what becomes of it. */
export interface FieldProbe {
  readonly row: string;
  readonly without: object;
  readonly with: object;
}

const bash = { name: 'Bash', description: 'Runs', input_schema: { type: 'object', properties: {} } };
const closed = { type: 'object', properties: {}, required: [], additionalProperties: false };
const said = { role: 'user', content: 'Hi' };
const plain = { model: 'claude-opus-5-5', max_tokens: 9000, stream: true, tools: [bash], messages: [said] };
const png = { type: 'base64', media_type: 'image/png', data: 'AA==' };
const pdf = { type: 'base64', media_type: 'application/pdf', data: 'AA==' };
const words = { type: 'text', text: 'Hi' };
const note = { type: 'text', media_type: 'text/plain', data: 'abc' };
const url = { type: 'url', url: 'https://example.com/a' };
const file = { type: 'file', file_id: 'file_1' };
const call = { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { command: 'ls' } };
const result = { type: 'tool_result', tool_use_id: 'toolu_1', content: [words] };

/** Fields of the request, one row for those that are named together. */
function fields(row: string, ...changes: readonly object[]): FieldProbe[] {
  return changes.map((change) => ({ row, without: plain, with: { ...plain, ...change } }));
}

function tools(row: string, ...changes: readonly object[]): FieldProbe[] {
  return fields(row, ...changes.map((change) => ({ tools: [{ ...bash, ...change }] })));
}

/** Blocks of the last user message. */
function blocks(row: string, ...added: readonly object[]): FieldProbe[] {
  return added.map((block) => {
    return { row, without: plain, with: { ...plain, messages: [{ role: 'user', content: [words, block] }] } };
  });
}

/** Marks of what to cache, on the request itself and wherever blocks are. */
function marked(row: string): FieldProbe[] {
  const mark = { cache_control: { type: 'ephemeral' } };
  const marks = [
    (block: object) => ({ ...plain, system: [block] }),
    (block: object) => ({ ...plain, messages: [{ role: 'user', content: [block] }] }),
    (block: object) => conversation([], { ...result, content: [block] }),
  ];
  return [
    ...fields(row, mark),
    ...marks.map((place) => ({ row, without: place(words), with: place({ ...words, ...mark }) })),
  ];
}

function conversation(beforeCall: readonly object[], toolResult: object): object {
  const answer = { role: 'assistant', content: [...beforeCall, call] };
  return { ...plain, messages: [said, answer, { role: 'user', content: [toolResult] }] };
}

/** Blocks before a call of the assistant. */
function answers(row: string, ...added: readonly object[]): FieldProbe[] {
  const without = conversation([], result);
  return added.map((block) => ({ row, without, with: conversation([block], result) }));
}

function results(row: string, ...changes: readonly object[]): FieldProbe[] {
  const without = conversation([], result);
  return changes.map((change) => ({ row, without, with: conversation([], { ...result, ...change }) }));
}

function systemTurns(row: string, ...contents: readonly unknown[]): FieldProbe[] {
  return contents.map((content) => {
    return { row, without: plain, with: { ...plain, messages: [said, { role: 'system', content }] } };
  });
}

const choice = (value: object): object => ({ tool_choice: value });
const format = { type: 'json_schema', schema: closed };
const sealed = 'ccg1.AA';

/** Every field and block of the README's table, in its order. */
export const fieldProbes: readonly FieldProbe[] = [
  ...fields('`max_tokens`', { max_tokens: 500 }, { max_tokens: 100_000 }),
  ...fields(
    '`system`',
    { system: 'Be brief.' },
    { system: [words] },
    { system: [{ type: 'text', text: 'x-anthropic-billing-header: a' }] },
  ),
  ...fields('`stream`', { stream: false }),
  ...fields('`temperature`, `top_p`', { temperature: 0.5 }, { top_p: 0.5 }),
  ...fields('`top_k`', { top_k: 5 }),
  ...fields('`stop_sequences`', { stop_sequences: ['a'] }, { stop_sequences: ['a', 'b', 'c', 'd', 'e'] }),
  ...tools(
    '`tools[].name`, `description`, `input_schema`',
    { name: 'Sh' },
    { description: '' },
    { input_schema: closed },
    { input_schema: { ...closed, properties: { path: { type: 'string', pattern: '^(?!/)' } } } },
  ),
  ...tools(
    '`tools[].cache_control`, `defer_loading`, `eager_input_streaming`, `input_examples`',
    { cache_control: { type: 'ephemeral' } },
    { defer_loading: true },
    { eager_input_streaming: true },
    { input_examples: [{}] },
  ),
  {
    row: '`tools[].strict`',
    without: { ...plain, tools: [{ ...bash, input_schema: closed }] },
    with: { ...plain, tools: [{ ...bash, input_schema: closed, strict: true }] },
  },
  ...fields('`DeferredToolPlaceholder`', { tools: [bash, { ...bash, name: 'DeferredToolPlaceholder' }] }),
  ...fields('server tools (a `type` and no schema)', {
    tools: [bash, { type: 'web_fetch_20250910', name: 'web_fetch' }],
  }),
  ...fields(
    'the server tool `web_search`',
    { tools: [bash, { type: 'web_search_20250305', name: 'web_search' }] },
    { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
  ),
  ...fields(
    '`tool_choice`',
    choice({ type: 'auto' }),
    choice({ type: 'any' }),
    choice({ type: 'none' }),
    choice({ type: 'tool', name: 'Bash' }),
    choice({ type: 'auto', disable_parallel_tool_use: true }),
  ),
  {
    row: '`tool_choice`',
    without: { ...plain, tools: [] },
    with: { ...plain, tools: [], ...choice({ type: 'any' }) },
  },
  ...fields(
    '`thinking`',
    { thinking: { type: 'enabled', budget_tokens: 2048 } },
    { thinking: { type: 'adaptive' } },
    { thinking: { type: 'disabled' } },
  ),
  {
    row: '`thinking`',
    without: { ...plain, max_tokens: 1000 },
    with: { ...plain, max_tokens: 1000, thinking: { type: 'adaptive' } },
  },
  ...fields('`output_config.effort`', { output_config: { effort: 'low' } }),
  ...fields('`output_config.task_budget`', { output_config: { task_budget: { type: 'tokens', total: 9 } } }),
  ...fields('`output_config.format`, `output_format`', { output_config: { format } }, { output_format: format }),
  ...fields('`metadata`', { metadata: { user_id: JSON.stringify({ device_id: 'd', session_id: 's' }) } }),
  ...marked('`cache_control`'),
  ...fields(
    '`safeguards`, `context_management`, `service_tier`, `speed`',
    { safeguards: { mode: 'on' } },
    { context_management: { edits: [] } },
    { service_tier: 'auto' },
    { speed: 'fast' },
  ),
  ...fields(
    '`mcp_servers`, `container`, `thread`',
    { mcp_servers: [{ type: 'url' }] },
    { container: 'c' },
    { thread: 't' },
  ),
  ...fields('unknown fields anywhere', { unheard_of: true }, { messages: [{ ...said, unheard_of: true }] }),
  ...systemTurns('system message between turns', 'Now this', [words]),
  ...systemTurns(
    '`tool_addition`, `tool_removal` in one',
    [{ type: 'tool_removal', tool: { type: 'tool_reference', tool_name: 'Bash' } }],
    [{ type: 'tool_addition', tool: { type: 'tool_reference', tool_name: 'Nobody' } }],
  ),
  ...systemTurns('other blocks in one', [{ type: 'image', source: png }]),
  ...blocks('`text`', { type: 'text', text: 'More' }),
  ...blocks('`image` base64', { type: 'image', source: png }),
  ...blocks('`image` url', { type: 'image', source: url }),
  ...results('`image` in a tool result', { content: [words, { type: 'image', source: png }] }),
  ...blocks('`document` base64', { type: 'document', source: pdf }),
  ...blocks(
    '`document` text, content',
    { type: 'document', source: note },
    { type: 'document', source: { type: 'content', content: [words] } },
  ),
  ...blocks('`document` url', { type: 'document', source: url }),
  ...blocks('`image`, `document` by file id', { type: 'image', source: file }, { type: 'document', source: file }),
  ...blocks('`search_result`', { type: 'search_result', title: 'T', source: 's', content: [words] }),
  ...results('`tool_reference`', { content: [{ type: 'tool_reference', tool_name: 'Grep' }] }),
  { row: '`tool_use`', without: plain, with: conversation([], result) },
  ...results('`tool_result`', { content: 'Other' }, { is_error: true }),
  ...blocks('`tool_result` without a call', { ...result, tool_use_id: 'gone' }),
  ...results('other blocks in a tool result', { content: [words, { type: 'audio' }] }),
  ...answers('`thinking` with a signature', { type: 'thinking', thinking: 'Hm', signature: 'theirs' }),
  ...answers('`thinking` without a signature', { type: 'thinking', thinking: 'Hm', signature: '' }),
  ...answers('`redacted_thinking`', { type: 'redacted_thinking', data: 'theirs' }),
  ...answers('reasoning under the gateway’s seal, of elsewhere', { type: 'redacted_thinking', data: sealed }),
  ...answers(
    '`server_tool_use`, `web_search_tool_result` of a web search',
    { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'q' } },
    { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] },
  ),
  ...answers('the same, made elsewhere', {
    type: 'server_tool_use',
    id: 'srvtoolu_ccg1',
    name: 'web_search',
    input: {},
  }),
  ...answers('other blocks', { type: 'server_tool_use', id: 's', name: 'web_fetch', input: {} }),
];
