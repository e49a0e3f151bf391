import { assertNever } from '@ccg/kernel';
import type { ChatCorrections } from './capability-rules.ts';
import { definedOf } from './corrections.ts';
import { isOpenAiHost, platformOf } from './chat-platforms.ts';
import { bareName, traitsByName, traitsByOperator, unknownModel } from './known-models.ts';
import type { ChatCapabilities, ChatForms, ChatOverrides, ChatProfile, ThinkingForm } from './chat-capabilities.ts';
import type { ModelOverride, ThinkingTrait } from './model-traits.ts';
import { isOldOpenAi, isOpenAiReasoner } from './openai-models.ts';

/** What vLLM, llama.cpp, Ollama and LM Studio have in common. */
const unknownServer: Omit<ChatForms, 'thinkingForm'> = {
  imageUrls: true,
  responses: false,
  maxTokensField: 'max_tokens',
  systemRole: 'system',
  systemTurns: 'reminder',
  alternates: false,
  callsWithoutTools: true,
  stopSequencesMax: 4,
  streamUsage: true,
  obfuscates: false,
  emptyContent: null,
  identifiers: false,
  cacheMarks: false,
  routesByParameters: false,
  structuredOutput: 'json_schema',
  structuredWithTools: false,
  strictTools: false,
  plainSchemas: false,
  parallelToolCalls: true,
  webSearch: 'none',
  toolNameMax: 64,
  toolIds: 'any',
};

interface Server {
  /** Below what is known of the model. */
  readonly server: ChatOverrides;
  /** Above it: where the server has a form of its own, whatever the model has elsewhere. */
  readonly overModels: ChatOverrides;
}

const servers: Readonly<Record<ChatProfile, Server>> = {
  openai: {
    server: {
      maxTokensField: 'max_completion_tokens',
      systemTurns: 'in-place',
      obfuscates: true,
      identifiers: true,
      pdfs: true,
      strictTools: true,
      plainSchemas: true,
      structuredWithTools: true,
      toolIds: 'at-most-64',
    },
    // It always takes reasoning out of the text.
    overModels: { cacheMarks: false, thinkTags: 'none' },
  },
  nvidia: {
    server: { emptyContent: '', parallelToolCalls: false },
    overModels: { pdfs: false, cacheMarks: false },
  },
  openrouter: {
    server: { webSearch: 'openrouter-tool' },
    // It gives every model one form, so the model's own counts for nothing there.
    overModels: {
      systemRole: 'system',
      sampling: 'always',
      stopSequencesMax: 4,
      pdfs: true,
      thinkingForm: {
        kind: 'effort',
        field: 'reasoning',
        levels: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'],
        refusesTools: false,
      },
      replayReasoning: 'details',
      structuredWithTools: true,
      routesByParameters: true,
      thinkTags: 'none',
    },
  },
  compatible: { server: {}, overModels: { systemRole: 'system', cacheMarks: false } },
};

/** Where a model's chat template or usual service wants a form of its own, by the name after a vendor's prefix. */
const families: readonly (readonly [RegExp, Partial<ChatForms>])[] = [
  // Their chat templates refuse any other id, and two turns of one role.
  [/^(?:mistral|ministral|mixtral|codestral|devstral|magistral)/u, { toolIds: 'nine-letters', alternates: true }],
  // Bedrock, which serves many of them, refuses calls without tools.
  [/^claude-/u, { cacheMarks: true, callsWithoutTools: false }],
  [/^gemini-/u, { cacheMarks: true }],
];

export interface ChatServer {
  readonly profile: ChatProfile;
  readonly baseUrl: string;
  readonly capabilities?: ChatCorrections | undefined;
}

/** The capabilities of a model: in order of its server's family, its name, the service at this host, and the operator. */
export function chatCapabilities(
  { profile, baseUrl, capabilities = {} }: ChatServer,
  model: string,
  overrides: readonly ModelOverride[],
): ChatCapabilities {
  const { server, overModels } = servers[profile];
  const byName = traitsByName(model);
  const thinking = byName.thinking ?? unknownModel.thinking;
  const known: ChatCapabilities = {
    ...unknownModel,
    ...unknownServer,
    ...server,
    ...byName,
    ...formsByName(bareName(model)),
    thinkingForm: thinkingForm(thinking),
    responses: needsResponses(baseUrl, model),
    ...overModels,
  };
  const { thinking: operatorThinking, ...corrected } = capabilities;
  return {
    ...known,
    ...platformOf(baseUrl, known),
    ...traitsByOperator(model, overrides),
    ...definedOf<ChatCapabilities>({ ...corrected, operatorThinking }),
  };
}

/** OpenAI's reasoning models take tools, or show and keep their reasoning, on its Responses API alone. */
function needsResponses(baseUrl: string, model: string): boolean {
  return isOpenAiHost(new URL(baseUrl).hostname) && isOpenAiReasoner(bareName(model));
}

function formsByName(name: string): Partial<ChatForms> {
  if (isOpenAiReasoner(name)) return { systemRole: 'developer', stopSequencesMax: 0 };
  if (isOldOpenAi(name)) return { structuredOutput: 'json_object' };
  return families.find(([pattern]) => pattern.test(name))?.[1] ?? {};
}

/** How chat-completions servers are usually told. */
function thinkingForm(trait: ThinkingTrait): ThinkingForm {
  switch (trait.kind) {
    case 'unknown':
      return { kind: 'none' };
    case 'levels':
      return { ...trait, kind: 'effort', field: 'reasoning_effort' };
    case 'template': {
      const { argument, with: more, takesBudget } = trait;
      return { kind: 'flag', at: 'chat_template_kwargs', name: argument, with: more, takesBudget };
    }
    case 'line':
      return trait;
    default:
      return assertNever(trait);
  }
}
