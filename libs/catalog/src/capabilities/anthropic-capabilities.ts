import { definedOf } from './corrections.ts';
import type { Corrections } from './corrections.ts';
import type { Effort } from './model-traits.ts';

/** The families of servers that speak Anthropic Messages. */
export const anthropicProfiles = ['claude', 'deepseek', 'kimi', 'glm', 'ollama', 'llama-cpp'] as const;

export type AnthropicProfile = (typeof anthropicProfiles)[number];

/** How a server that speaks Anthropic Messages differs from the next; shared code reads this, never a name. */
export interface AnthropicCapabilities {
  /** Whether bytes may pass both ways as they come, since both ends keep to the protocol. The rest matters where not. */
  readonly passthrough: boolean;
  /** Whether the names of betas mean anything there. */
  readonly betas: boolean;
  /** The sources of images that are taken. */
  readonly images: readonly ('base64' | 'url')[];
  /** Whether a tool result may hold an image. */
  readonly imagesInResults: boolean;
  /** Whether the failure of a tool is read, or must be said in words. */
  readonly resultErrors: boolean;
  /** Whether the server puts what stands beside tool results before them, so that they need a message of their own. */
  readonly resultsApart: boolean;
  /** The tool choices that are kept; no other is sent. */
  readonly toolChoices: readonly ('auto' | 'any' | 'tool' | 'none')[];
  /** Whether calls side by side can be switched off. */
  readonly parallelSwitch: boolean;
  readonly topK: boolean;
  /** The levels of `output_config.effort`. */
  readonly efforts: readonly Effort[];
}

/** What is taken of a server of which nothing is known but that it is Anthropic-compatible. */
const compatible: AnthropicCapabilities = {
  passthrough: false,
  betas: false,
  images: ['base64', 'url'],
  imagesInResults: true,
  resultErrors: true,
  resultsApart: false,
  toolChoices: ['auto', 'any', 'tool', 'none'],
  parallelSwitch: true,
  topK: true,
  efforts: [],
};

/** Two local servers that turn every message into those of a chat template. */
const local: AnthropicCapabilities = {
  ...compatible,
  resultErrors: false,
  resultsApart: true,
  parallelSwitch: false,
};

const servers: Readonly<Record<AnthropicProfile, AnthropicCapabilities>> = {
  claude: { ...compatible, passthrough: true, betas: true },
  deepseek: { ...compatible, images: [], parallelSwitch: false, topK: false, efforts: ['low', 'high', 'max'] },
  kimi: compatible,
  glm: compatible,
  ollama: { ...local, images: ['base64'], imagesInResults: false, toolChoices: ['auto'] },
  'llama-cpp': { ...local, toolChoices: ['auto', 'any'] },
};

/** The capabilities of a family of servers, with what the operator corrects. */
export function anthropicCapabilities(
  profile: AnthropicProfile = 'claude',
  corrections: Corrections<AnthropicCapabilities> = {},
): AnthropicCapabilities {
  return { ...servers[profile], ...definedOf(corrections) };
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
