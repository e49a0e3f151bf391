import { z } from 'zod';
import type { AnthropicCapabilities } from './anthropic-capabilities.ts';
import type { ChatForms } from './chat-capabilities.ts';
import type { GeminiForms } from './gemini-capabilities.ts';
import { efforts } from './model-traits.ts';
import type { ModelTraits } from './model-traits.ts';

/** A rule for each member of a record. */
export type RulesOf<Type> = { readonly [Key in keyof Type]: z.ZodType<Type[Key]> };

export const levelRule = z.enum(efforts);

/** How much a model may think whose thinking is switched on and off. */
export const operatorThinkingRule = z.strictObject({ on: z.boolean(), budgetTokens: z.int().min(0) });

/** A rule for each trait that is not worked out from others; the compiler sees that none is forgotten. */
export const traitRules: RulesOf<Omit<ModelTraits, 'thinking' | 'operatorThinking'>> = {
  images: z.boolean(),
  pdfs: z.boolean(),
  sampling: z.enum(['always', 'without-thinking', 'never']),
  outputTokensMin: z.int().min(1),
  replayReasoning: z.enum(['none', 'content', 'content-always', 'details']),
  thinkTags: z.enum(['none', 'tagged', 'unopened']),
  textCalls: z.boolean(),
};

const thinkingFormRule = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({
    kind: z.literal('effort'),
    field: z.enum(['reasoning_effort', 'reasoning']),
    levels: z.array(levelRule),
    refusesTools: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('type'), levels: z.array(levelRule) }),
  z.strictObject({
    kind: z.literal('flag'),
    at: z.enum(['body', 'chat_template_kwargs']),
    name: z.enum(['thinking', 'enable_thinking']),
    with: z.record(z.string(), z.boolean()),
    takesBudget: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('off-switch') }),
  z.strictObject({ kind: z.literal('line'), on: z.string(), off: z.string() }),
]);

export const formRules: RulesOf<ChatForms> = {
  imageUrls: z.boolean(),
  responses: z.boolean(),
  maxTokensField: z.enum(['max_tokens', 'max_completion_tokens']),
  systemRole: z.enum(['system', 'developer']),
  systemTurns: z.enum(['in-place', 'reminder']),
  alternates: z.boolean(),
  callsWithoutTools: z.boolean(),
  stopSequencesMax: z.int().min(0),
  streamUsage: z.boolean(),
  obfuscates: z.boolean(),
  emptyContent: z.literal(['', null]),
  identifiers: z.boolean(),
  cacheMarks: z.boolean(),
  routesByParameters: z.boolean(),
  thinkingForm: thinkingFormRule,
  structuredOutput: z.enum(['json_schema', 'json_object', 'none']),
  structuredWithTools: z.boolean(),
  strictTools: z.boolean(),
  plainSchemas: z.boolean(),
  parallelToolCalls: z.boolean(),
  webSearch: z.enum(['none', 'openrouter-tool']),
  toolNameMax: z.int().min(1),
  toolIds: z.enum(['any', 'at-most-64', 'nine-letters']),
};

const anthropicRules: RulesOf<AnthropicCapabilities> = {
  passthrough: z.boolean(),
  betas: z.boolean(),
  images: z.array(z.enum(['base64', 'url'])),
  imagesInResults: z.boolean(),
  resultErrors: z.boolean(),
  resultsApart: z.boolean(),
  toolChoices: z.array(z.enum(['auto', 'any', 'tool', 'none'])),
  parallelSwitch: z.boolean(),
  topK: z.boolean(),
  efforts: z.array(levelRule),
};

const geminiRules: RulesOf<GeminiForms> = {
  images: z.boolean(),
  pdfs: z.boolean(),
  systemInstruction: z.boolean(),
  thinking: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('never') }),
    z.strictObject({ kind: z.literal('levels'), levels: z.array(levelRule) }),
    z.strictObject({
      kind: z.literal('budget'),
      min: z.int().min(0),
      max: z.int().min(1),
      canStop: z.boolean(),
    }),
  ]),
  signedCalls: z.boolean(),
  callIds: z.boolean(),
  mediaInResults: z.boolean(),
  resultsApart: z.boolean(),
  structuredWithTools: z.boolean(),
  countsWhole: z.boolean(),
  webSearch: z.boolean(),
  stopSequencesMax: z.int().min(0),
  textCalls: z.boolean(),
};

/** Corrections of what is known of all models of a chat-completions provider. */
export const chatCorrections = z
  .strictObject({ ...traitRules, ...formRules, thinking: operatorThinkingRule })
  .partial();

/** Corrections of what is known of a provider that speaks Anthropic Messages. */
export const anthropicCorrections = z.strictObject(anthropicRules).partial();

/** Corrections of what is known of all models of a provider that speaks Gemini's API. */
export const geminiCorrections = z.strictObject(geminiRules).partial();

export type ChatCorrections = z.output<typeof chatCorrections>;
export type AnthropicCorrections = z.output<typeof anthropicCorrections>;
export type GeminiCorrections = z.output<typeof geminiCorrections>;
