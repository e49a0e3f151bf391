import { z } from 'zod';

/** Grows with every change after which an older reader would misread a file. */
export const exchangeVersion = 1;

const headersSchema = z.union([z.record(z.string(), z.string()), z.array(z.tuple([z.string(), z.string()]))], {
  error: 'must be an object of names and values, or a list of pairs',
});

/** A body: any JSON, a string that is the body's text, or `{"base64": "…"}` for bytes that are no UTF-8. */
const bodySchema = z
  .unknown()
  .refine((body) => body !== undefined, { error: 'is required: JSON, a string or {"base64"}' });

const callSchema = z.strictObject({
  /** Of the request that was sent: the path below the base URL, and its body. */
  path: z.string().optional(),
  sent: bodySchema.optional(),
  /** Left out where no answer came: then `end` says why. */
  status: z.int().min(200).max(599).optional(),
  headers: headersSchema.default([]),
  /** The body of the answer, as text or, where it is no UTF-8, in base64. */
  text: z.string().optional(),
  base64: z.base64().optional(),
  /** The lengths in bytes of the pieces in which it came. Left out: in one piece. */
  chunks: z.array(z.int().min(0)).optional(),
  /** How it ended. `open`: the gateway did not read on, or the server sent nothing more and did not close. */
  end: z
    .enum([
      'whole',
      'open',
      'cut',
      'unreachable',
      'unanswered',
      'not-http',
      'no-credential',
      'refused-address',
      'first-byte-timeout',
      'idle-timeout',
      'too-large',
      'unreadable-coding',
    ])
    .default('whole'),
});

const wholeNumber = z.int().min(0).optional();

/** One request of a client, what went upstream for it and what came back. Secrets are removed before it is written. */
export const exchangeSchema = z.strictObject({
  version: z.literal(exchangeVersion, { error: `must be ${exchangeVersion}` }),
  recordedAt: z.string().optional(),
  /** Whether parts are missing because the exchange was larger than a file may be. */
  truncated: z.boolean().optional(),
  request: z.strictObject({
    path: z.literal('/v1/messages', { error: 'must be /v1/messages' }).default('/v1/messages'),
    /** The operator's name for the upstream. */
    provider: z.string().optional(),
    dialect: z.enum(['openai-chat', 'openai-responses', 'anthropic', 'ollama', 'gemini'], {
      error: 'must be openai-chat, openai-responses, anthropic, ollama or gemini',
    }),
    /** Which server family answers there; unset: by the host of the base URL. */
    profile: z.string().optional(),
    /** What the operator corrected of what is known of the provider's models. */
    capabilities: z.record(z.string(), z.unknown()).optional(),
    baseUrl: z.string().optional(),
    /** The name of the model at the upstream. */
    model: z.string().min(1),
    limits: z.strictObject({ contextTokens: wholeNumber, outputTokens: wholeNumber }).optional(),
    estimatedInputTokens: wholeNumber,
    /** The operator's settings, as in the configuration of the catalog. */
    maxOutputTokens: wholeNumber,
    overrides: z.array(z.unknown()).optional(),
    headers: headersSchema.default([]),
    body: bodySchema,
  }),
  /** One call, or several in their order: a server that refuses a field is asked again. */
  upstream: z.preprocess((calls) => (Array.isArray(calls) ? calls : [calls]), z.array(callSchema)),
  /** How it ended for the client, in the words of the log. */
  outcome: z.strictObject({ outcome: z.string(), end: z.string(), error: z.string().optional() }).optional(),
});

export type ExchangeFile = Omit<z.input<typeof exchangeSchema>, 'upstream'> & {
  readonly upstream: readonly z.input<typeof callSchema>[];
};
export type Exchange = z.output<typeof exchangeSchema>;
export type ExchangeCall = z.output<typeof callSchema>;
