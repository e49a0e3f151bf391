import type { ChatCapabilities, ChatOverrides } from './chat-capabilities.ts';

/** What a service does of its own; some of it depends on what is known of the model. */
type Platform = ChatOverrides | ((model: Pick<ChatCapabilities, 'thinkingForm'>) => ChatOverrides);

/** OpenAI's own servers: one address for all, and one for each region, such as eu.api.openai.com. */
export function isOpenAiHost(hostname: string): boolean {
  return /^(?:[a-z]{2,3}\.)?api\.openai\.com$/u.test(hostname);
}

/** Services by their host, or their usual port: each has a form of its own for the same model. */
const platforms: readonly (readonly [RegExp, Platform])[] = [
  // Ollama knows no arguments of chat templates, and levels of gpt-oss alone.
  [
    /:11434$|(?:^|\.)ollama\.com$/u,
    ({ thinkingForm }) => (thinkingForm.kind === 'effort' ? {} : { thinkingForm: { kind: 'off-switch' } }),
  ],
  [
    /(?:^|\.)deepseek\.com$/u,
    {
      thinkingForm: { kind: 'type', levels: ['high', 'max'] },
      replayReasoning: 'content-always',
      structuredOutput: 'json_object',
      images: false,
    },
  ],
  [/(?:^|\.)moonshot\.(?:ai|cn)$/u, { thinkingForm: { kind: 'type', levels: [] }, replayReasoning: 'content-always' }],
  [
    /(?:^|\.)(?:z\.ai|bigmodel\.cn)$/u,
    { thinkingForm: { kind: 'type', levels: [] }, replayReasoning: 'content', structuredOutput: 'json_object' },
  ],
  [
    /(?:^|\.)(?:aliyuncs\.com|siliconflow\.(?:cn|com)|modelscope\.cn)$/u,
    { thinkingForm: { kind: 'flag', at: 'body', name: 'enable_thinking', with: {}, takesBudget: false } },
  ],
  [/(?:^|\.)mistral\.ai$/u, { toolIds: 'nine-letters', alternates: true, emptyContent: '', structuredWithTools: true }],
  [/(?:^|\.)amazonaws\.com$/u, { callsWithoutTools: false }],
  [
    /(?:^|\.)azure\.com$/u,
    { maxTokensField: 'max_completion_tokens', toolIds: 'at-most-64', structuredWithTools: true, plainSchemas: true },
  ],
];

/** What follows from where a server answers; nothing for a host that is not known. */
export function platformOf(baseUrl: string, model: Pick<ChatCapabilities, 'thinkingForm'>): ChatOverrides {
  const { hostname, host } = new URL(baseUrl);
  const [, platform = {}] = platforms.find(([pattern]) => pattern.test(hostname) || pattern.test(host)) ?? [];
  return typeof platform === 'function' ? platform(model) : platform;
}
