import type { ChatCapabilities, ChatOverrides } from './capabilities.ts';

/** What a service does of its own; some of it depends on what is known of the model. */
type Platform = ChatOverrides | ((model: Pick<ChatCapabilities, 'thinking'>) => ChatOverrides);

/** Services by their host, or their usual port: each has a form of its own for the same model. */
const platforms: readonly (readonly [RegExp, Platform])[] = [
  // Ollama knows no arguments of chat templates, and levels of gpt-oss alone.
  [
    /:11434$|(?:^|\.)ollama\.com$/u,
    ({ thinking }) => (thinking.kind === 'effort' ? {} : { thinking: { kind: 'off-switch' } }),
  ],
  [
    /(?:^|\.)deepseek\.com$/u,
    {
      thinking: { kind: 'type', levels: ['high', 'max'] },
      replayReasoning: 'content-always',
      structuredOutput: 'json_object',
      images: false,
    },
  ],
  [/(?:^|\.)moonshot\.(?:ai|cn)$/u, { thinking: { kind: 'type', levels: [] }, replayReasoning: 'content-always' }],
  [
    /(?:^|\.)(?:z\.ai|bigmodel\.cn)$/u,
    { thinking: { kind: 'type', levels: [] }, replayReasoning: 'content', structuredOutput: 'json_object' },
  ],
  [
    /(?:^|\.)(?:aliyuncs\.com|siliconflow\.(?:cn|com)|modelscope\.cn)$/u,
    { thinking: { kind: 'flag', at: 'body', name: 'enable_thinking', with: {}, operator: undefined } },
  ],
  [/(?:^|\.)mistral\.ai$/u, { toolIds: 'nine-letters', alternates: true, emptyContent: '', structuredWithTools: true }],
  [/(?:^|\.)amazonaws\.com$/u, { callsWithoutTools: false }],
  [
    /(?:^|\.)azure\.com$/u,
    { maxTokensField: 'max_completion_tokens', toolIds: 'at-most-64', structuredWithTools: true, plainSchemas: true },
  ],
];

/** What follows from where a server answers; nothing for a host that is not known. */
export function platformOf(baseUrl: string, model: Pick<ChatCapabilities, 'thinking'>): ChatOverrides {
  const { hostname, host } = new URL(baseUrl);
  const [, platform = {}] = platforms.find(([pattern]) => pattern.test(hostname) || pattern.test(host)) ?? [];
  return typeof platform === 'function' ? platform(model) : platform;
}
