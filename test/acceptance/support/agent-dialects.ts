/** How the same task of an Agent SDK goes to a backend of one dialect. */
interface AgentDialect {
  readonly dialect: string;
  /** The provider, and a model of it. */
  readonly name: string;
  readonly model: string;
  /** The reasoning that is told before the first calls. */
  readonly thought: string | undefined;
  /** What is asked of the backend. */
  readonly path: string;
  /** The gateway's environment, with the backend at this URL. */
  readonly env: (url: string) => Readonly<Record<string, string>>;
  /** What the backend must have been sent from its own first answer on, where a body has a list of messages. */
  readonly written?: (file: string) => readonly unknown[];
}

const models = (model: string) => ({ BIG_MODEL: model, SMALL_MODEL: model });

const toolCall = (id: string, name: string, input: unknown): unknown => ({
  id,
  type: 'function',
  function: { name, arguments: JSON.stringify(input) },
});

export const agentDialects: readonly AgentDialect[] = [
  {
    dialect: 'anthropic',
    name: 'anthropic',
    model: 'claude-opus-5-5',
    thought: 'A file, a tool.',
    path: '/v1/messages',
    env: (url) => ({ PREFERRED_PROVIDER: 'anthropic', ANTHROPIC_API_BASE: url }),
    written: (file: string) => [
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'A file, a tool.', signature: 'aimock-placeholder-signature' },
          { type: 'text', text: 'Two things at once.' },
          { type: 'tool_use', id: 'call_write', name: 'Write', input: { file_path: file, content: 'grüße 石' } },
          { type: 'tool_use', id: 'call_search', name: 'ToolSearch', input: { query: 'select:mcp__stones__weigh' } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'call_write' },
          {
            type: 'tool_result',
            tool_use_id: 'call_search',
            content: [{ type: 'tool_reference', tool_name: 'mcp__stones__weigh' }],
          },
          { type: 'text', text: 'Tool loaded.' },
        ],
      },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'call_weigh', name: 'mcp__stones__weigh', input: {} }] },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'call_weigh', content: [{ type: 'text', text: '42 grams' }] }],
      },
      { role: 'assistant', content: [{ type: 'text', text: 'It weighs 42 grams.' }] },
      { role: 'user', content: [{ type: 'text', text: 'And now?' }] },
    ],
  },
  {
    dialect: 'openai-chat',
    name: 'openai',
    model: 'gpt-4.1',
    thought: 'A file, a tool.',
    path: '/v1/chat/completions',
    env: (url) => ({ PREFERRED_PROVIDER: 'openai', OPENAI_BASE_URL: `${url}/v1` }),
    written: (file: string) => [
      {
        role: 'assistant',
        content: 'Two things at once.',
        tool_calls: [
          toolCall('call_write', 'Write', { file_path: file, content: 'grüße 石' }),
          toolCall('call_search', 'ToolSearch', { query: 'select:mcp__stones__weigh' }),
        ],
      },
      { role: 'tool', tool_call_id: 'call_write' },
      { role: 'tool', tool_call_id: 'call_search', content: 'Tool "mcp__stones__weigh" is now available.' },
      { role: 'user', content: 'Tool loaded.' },
      { role: 'assistant', tool_calls: [toolCall('call_weigh', 'mcp__stones__weigh', {})] },
      { role: 'tool', tool_call_id: 'call_weigh', content: '42 grams' },
      { role: 'assistant', content: 'It weighs 42 grams.' },
      { role: 'user', content: 'And now?' },
    ],
  },
  {
    dialect: 'ollama',
    name: 'ollama',
    model: 'qwen3:8b',
    // The mock gives it a name that Ollama does not use.
    thought: undefined,
    path: '/api/chat',
    env: (url) => ({ PREFERRED_PROVIDER: 'ollama', OLLAMA_API_BASE: url, ...models('qwen3:8b') }),
    written: (file: string) => [
      {
        role: 'assistant',
        content: 'Two things at once.',
        tool_calls: [
          { function: { name: 'Write', arguments: { file_path: file, content: 'grüße 石' } } },
          { function: { name: 'ToolSearch', arguments: { query: 'select:mcp__stones__weigh' } } },
        ],
      },
      { role: 'tool', tool_name: 'Write' },
      { role: 'tool', tool_name: 'ToolSearch', content: 'Tool "mcp__stones__weigh" is now available.' },
      { role: 'user', content: 'Tool loaded.' },
      { role: 'assistant', tool_calls: [{ function: { name: 'mcp__stones__weigh', arguments: {} } }] },
      { role: 'tool', tool_name: 'mcp__stones__weigh', content: '42 grams' },
      { role: 'assistant', content: 'It weighs 42 grams.' },
      { role: 'user', content: 'And now?' },
    ],
  },
  {
    dialect: 'gemini',
    name: 'gemini',
    model: 'gemini-3-flash-preview',
    thought: 'A file, a tool.',
    path: '/v1beta/models/gemini-3-flash-preview:streamGenerateContent',
    env: (url) => ({
      PREFERRED_PROVIDER: 'gemini',
      GEMINI_API_KEY: 'gemini-test-key',
      GEMINI_API_BASE: `${url}/v1beta`,
      ...models('gemini-3-flash-preview'),
    }),
  },
  {
    dialect: 'openai-responses',
    name: 'openai',
    model: 'gpt-5.4',
    thought: 'A file, a tool.',
    path: '/v1/responses',
    env: (url) => ({
      PREFERRED_PROVIDER: 'openai',
      OPENAI_BASE_URL: `${url}/v1`,
      OPENAI_DIALECT: 'openai-responses',
      ...models('gpt-5.4'),
    }),
  },
];
