import type { ChatSettings } from '../provider.ts';
import type { ChatCapabilities, ChatOverrides, ChatProfile } from './capabilities.ts';
import { modelFamily } from './model-families.ts';
import { openAiServer } from './openai.ts';
import { platformOf } from './platforms.ts';
import { thinkTags } from './think-tags.ts';

/** What a server can do of which nothing is known: what vLLM, llama.cpp, Ollama and LM Studio have in common. */
const unknownServer: ChatCapabilities = {
  maxTokensField: 'max_tokens',
  outputTokensMin: 1,
  systemRole: 'system',
  systemTurns: 'reminder',
  alternates: false,
  callsWithoutTools: true,
  sampling: 'always',
  stopSequencesMax: 4,
  streamUsage: true,
  obfuscates: false,
  emptyContent: null,
  identifiers: false,
  cacheMarks: false,
  routesByParameters: false,
  images: true,
  pdfs: false,
  thinking: { kind: 'none' },
  thinkTags: 'tagged',
  replayReasoning: 'none',
  structuredOutput: 'json_schema',
  structuredWithTools: false,
  strictTools: false,
  plainSchemas: false,
  parallelToolCalls: true,
  textCalls: false,
  toolNameMax: 64,
  toolIds: 'any',
};

const servers: Readonly<Record<ChatProfile, ChatOverrides>> = {
  openai: openAiServer,
  nvidia: { emptyContent: '', parallelToolCalls: false },
  openrouter: {},
  compatible: {},
};

/** OpenRouter gives every model one form, so the model's own counts for nothing there. */
const openRouterModel: ChatOverrides = {
  systemRole: 'system',
  sampling: 'always',
  stopSequencesMax: 4,
  pdfs: true,
  thinking: {
    kind: 'effort',
    field: 'reasoning',
    levels: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'],
    refusesTools: false,
  },
  replayReasoning: 'details',
  structuredWithTools: true,
  routesByParameters: true,
};

/** Where the server's own form goes before what a model has elsewhere. */
const overModels: Readonly<Record<ChatProfile, ChatOverrides>> = {
  openai: { cacheMarks: false },
  nvidia: { pdfs: false, cacheMarks: false },
  openrouter: openRouterModel,
  compatible: { systemRole: 'system', cacheMarks: false },
};

/** The capabilities of a model: of its server's family, then of its name, then of the service that serves it. */
export function chatCapabilities(provider: ChatSettings, model: string): ChatCapabilities {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  const known = {
    ...unknownServer,
    ...servers[provider.profile],
    ...modelFamily(name, provider.nemotron),
    ...overModels[provider.profile],
  };
  return {
    ...known,
    ...platformOf(provider.baseUrl, known),
    thinkTags: thinkTags(provider.profile, model),
    textCalls: provider.textCallModels?.some((part) => part === '*' || model.toLowerCase().includes(part)) ?? false,
  };
}
