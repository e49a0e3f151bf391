import { Secret } from '@ccg/kernel';
import { z } from 'zod';
import { anthropicProfiles } from './capabilities/anthropic-capabilities.ts';
import {
  anthropicCorrections,
  chatCorrections,
  geminiCorrections,
  operatorThinkingRule,
} from './capabilities/capability-rules.ts';
import { responsesCorrections } from './capabilities/responses-rules.ts';
import { safetyThresholds } from './capabilities/gemini-capabilities.ts';
import { chatProfiles } from './capabilities/chat-capabilities.ts';
import { googleCredentialRule } from './vertex.ts';
import { isHttpUrl } from './env-rules.ts';
import { pricedName, statedPriceRule } from './prices/price-rules.ts';

const providerBase = {
  credential: providerCredential().optional(),
  /** Sent with every request; secret where it came from where secrets are kept. */
  headers: z.array(z.tuple([z.string(), z.union([z.string(), z.instanceof(Secret)])])).default([]),
  timeouts: z
    .strictObject({
      connectMs: z.number().optional(),
      firstEventMs: z.number().optional(),
      idleMs: z.number().optional(),
    })
    .default({}),
};

/** With less no prompt of Claude Code fits. */
export const ollamaWindow = { min: 1024, max: 999_999_999, unset: 128_000 };

function wholeTokens({ min, max }: typeof ollamaWindow) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** A duration as Ollama reads it; seconds are a number, also where they come as text. */
export function ollamaKeepAlive() {
  const isDuration = (value: string | number) => /^(?:-?\d+|-?(?:\d+(?:\.\d+)?(?:ms|s|m|h))+)$/u.test(String(value));
  const error = 'must be a duration such as 30m or 24h, a number of seconds, or -1 for no end';
  return z
    .union([z.string(), z.int()], { error })
    .refine(isDuration, { error })
    .transform((value) => (/^-?\d+$/u.test(String(value)) ? Number(value) : value));
}

/** What differs between the dialects of providers; the file has the same. */
export const dialectRules = {
  anthropic: {
    dialect: z.literal('anthropic'),
    baseUrl: baseUrl(/(?:\/v1)?\/(?:messages|models)\/*$/iu, '/v1/messages'),
    profile: oneOf(anthropicProfiles).optional(),
    capabilities: anthropicCorrections.optional(),
  },
  'openai-chat': {
    dialect: z.literal('openai-chat'),
    baseUrl: baseUrl(/\/(?:completions|responses|messages|models)\/*$/iu, '/chat/completions'),
    profile: oneOf(chatProfiles).optional(),
    capabilities: chatCorrections.optional(),
  },
  'openai-responses': {
    dialect: z.literal('openai-responses'),
    baseUrl: baseUrl(/\/(?:completions|responses|messages|models)\/*$/iu, '/responses'),
    profile: oneOf(chatProfiles).optional(),
    capabilities: responsesCorrections.optional(),
  },
  ollama: {
    dialect: z.literal('ollama'),
    baseUrl: baseUrl(/\/(?:api|v1)(?:\/[a-z_/]*)?$/iu, '/api/chat or /v1'),
    /** The window that models are loaded with, unless they have less. */
    contextTokens: wholeTokens(ollamaWindow).default(ollamaWindow.unset),
    /** How long a model stays loaded: a duration, or seconds; negative numbers are without end. */
    keepAlive: ollamaKeepAlive().prefault('30m'),
  },
  gemini: {
    dialect: z.literal('gemini'),
    baseUrl: baseUrl(/\/models(?:\/.*)?$|:[a-z]+$/iu, '/models'),
    /** From which probability of harm on an answer is blocked; unset: as the server decides. */
    safetyThreshold: oneOf(safetyThresholds).optional(),
    capabilities: geminiCorrections.optional(),
  },
};

/** The text before the first colon of `{provider}:{model}`. */
export function providerName() {
  return z.string().regex(/^[a-z][a-z0-9-]*$/u, { error: 'must be lower-case letters, digits, hyphens' });
}

const providerSchema = z.discriminatedUnion('dialect', [
  z.strictObject({ ...providerBase, ...dialectRules.anthropic }),
  z.strictObject({ ...providerBase, ...dialectRules['openai-chat'] }),
  z.strictObject({ ...providerBase, ...dialectRules['openai-responses'] }),
  z.strictObject({
    ...providerBase,
    ...dialectRules.gemini,
    /** In the place of a credential. */
    google: googleCredentialRule.optional(),
  }),
  z.strictObject({
    ...providerBase,
    ...dialectRules.ollama,
    /** It serves only requests that name it, is not asked for its models, and is nobody's preferred provider. */
    onlyByName: z.boolean().default(false),
  }),
]);

const modelSchema = z.strictObject({
  /**
   * `{provider}:{model}`, the name of another entry, or a model of the preferred provider; `{provider}:*` passes the
   * name unchanged. Unset: what is usual for the name, where anything is.
   */
  model: z.string().optional(),
  /** Its context window; unset: what the provider's list of models says, else what is known by the name. */
  contextTokens: z.int().min(1).optional(),
  displayName: z.string().optional(),
  /** Whether it leaves the other tier of Claude's names to an entry of its own: BIG_MODEL says nothing of haiku. */
  isTier: z.boolean().default(false),
});

const overrideSchema = z.strictObject({
  models: z.array(z.string().toLowerCase()),
  traits: z.strictObject({
    images: z.boolean().optional(),
    pdfs: z.boolean().optional(),
    textCalls: z.boolean().optional(),
    thinking: operatorThinkingRule.optional(),
  }),
});

/**
 * What an operator says of providers and models, as plain data. The environment and a file give it; the
 * rules of its values are here and nowhere else.
 */
export const catalogConfigSchema = z.strictObject({
  providers: z.record(providerName(), providerSchema),
  /** For requests that name no provider. */
  preferred: z.string().optional(),
  /** By the name that clients ask for, in which `*` stands for any text. */
  models: z.record(z.string(), modelSchema).default({}),
  /** The cap on output tokens of translated requests; 0 means none. */
  maxOutputTokens: z.int().min(0).default(0),
  /** Corrections of what is known of models; later ones count first. */
  overrides: z.array(overrideSchema).default([]),
  /** What models cost, by `{provider}:{model}`. */
  prices: z.record(pricedName(), statedPriceRule).default({}),
});

export type CatalogInput = z.input<typeof catalogConfigSchema>;
export type CatalogConfig = z.output<typeof catalogConfigSchema>;
export type ProviderConfig = z.output<typeof providerSchema>;

function providerCredential() {
  return z
    .string()
    .refine((text) => !text.startsWith('ccg_'), {
      error: "is a key of this gateway; set the provider's own, or the gateway would call itself",
    })
    .refine((text) => !/^[a-z-]*\.{3}$/iu.test(text), {
      error: 'is the placeholder of an example. Set your own credential',
    })
    .refine((text) => /^[\x20-\x7e]*$/u.test(text), {
      error: 'has a character that is not printable ASCII, which no HTTP header can carry. Copy the credential again',
    })
    .transform((text) => new Secret(text));
}

/** `requestPath` is what a URL ends in that was copied from an example of a request. */
function baseUrl(requestPath: RegExp, usualPath: string) {
  return z
    .string()
    .refine(isHttpUrl, { error: 'must be an http:// or https:// URL without a query, credentials or fragment' })
    .refine((text) => !requestPath.test(text), {
      error: `must be the base URL, not the URL of a request. Remove the last part, such as ${usualPath}`,
    })
    .transform((text) => text.replace(/\/+$/u, ''));
}

function oneOf<const Names extends readonly string[]>(names: Names) {
  return z.enum(names, { error: `must be one of ${names.join(', ')}` });
}
