/** The families of servers that speak Anthropic Messages. */
export const anthropicProfiles = ['claude', 'deepseek', 'kimi', 'glm', 'ollama', 'llama-cpp'] as const;

export type AnthropicProfile = (typeof anthropicProfiles)[number];

/** How a server that speaks Anthropic Messages differs from the next; shared code reads this, never a name. */
export interface AnthropicCapabilities {
  /** Whether bytes may pass both ways as they come, since both ends keep to the protocol. */
  readonly exact: boolean;
  /** Whether the names of betas mean anything there. */
  readonly betas: boolean;
  readonly images: boolean;
}

const imitation: AnthropicCapabilities = { exact: false, betas: false, images: true };

const servers: Readonly<Record<AnthropicProfile, AnthropicCapabilities>> = {
  claude: { exact: true, betas: true, images: true },
  deepseek: { ...imitation, images: false },
  kimi: imitation,
  glm: imitation,
  ollama: imitation,
  'llama-cpp': imitation,
};

export function anthropicCapabilities(profile: AnthropicProfile = 'claude'): AnthropicCapabilities {
  return servers[profile];
}

const hosts: readonly (readonly [RegExp, AnthropicProfile])[] = [
  [/(?:^|\.)deepseek\.com$/u, 'deepseek'],
  [/(?:^|\.)(?:moonshot\.(?:ai|cn)|kimi\.com)$/u, 'kimi'],
  [/(?:^|\.)(?:z\.ai|bigmodel\.cn)$/u, 'glm'],
];

/** The family that answers at a host; whoever is not known is taken for a proxy before Anthropic. */
export function anthropicProfileOf(host: string): AnthropicProfile {
  return hosts.find(([pattern]) => pattern.test(host))?.[1] ?? 'claude';
}
