import type { ChatOverrides } from './capabilities.ts';

/** Hosted services by their host: each has a form of its own for the same model. */
const platforms: readonly (readonly [RegExp, ChatOverrides])[] = [
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
export function platformOf(baseUrl: string): ChatOverrides {
  const { hostname } = new URL(baseUrl);
  return platforms.find(([host]) => host.test(hostname))?.[1] ?? {};
}
