import type { Secret } from '@ccg/kernel';

/** The wire formats that are spoken to upstreams. */
export type Dialect = 'anthropic' | 'openai-chat' | 'openai-responses' | 'ollama' | 'gemini';

/** HTTP headers in order, names in lower case. */
export type StaticHeaders = readonly (readonly [name: string, value: string])[];

/** The same, where a value may be a secret of the operator. */
export type ProviderHeaders = readonly (readonly [name: string, value: string | Secret])[];

/**
 * A path below the base URL, or how it follows from the model and from whether a stream is asked for. Names of models come
 * from clients, so they are escaped.
 */
type RequestPath = string | ((model: string, stream: boolean) => string);

/**
 * What a dialect is below its message bodies: where requests go, and what passes of a client's request. Shared code
 * reads this record and compares no dialect's name. Translation alone has code of its own for each dialect.
 */
export interface DialectForm {
  /** Appended to the base URL. */
  readonly paths: {
    readonly messages: RequestPath;
    /** Undefined where the dialect has no request that counts tokens. */
    readonly count: RequestPath | undefined;
    /** The list of models; undefined where there is none below the base URL. */
    readonly models: string | undefined;
    /** What the server knows of one model; undefined where the dialect has no request for it. */
    readonly model: string | undefined;
  };
  /** Whether the client's query (`?beta=true`) is sent on. */
  readonly passesQuery: boolean;
  /** The names of the client's headers that are sent on; never a credential. */
  readonly clientHeaders: RegExp | undefined;
  /** Sent with every request, unless a header of the client with this name is sent on. */
  readonly headers: StaticHeaders;
  readonly credential: { readonly header: string; readonly scheme: '' | 'Bearer ' };
  /** What operators get wrong about base URLs, as a sentence. */
  readonly baseUrlHint: string;
  /**
   * Whether the server sends nothing while it loads a model, reads a prompt or collects a tool call. The timeout within an
   * answer is then the one before its first byte.
   */
  readonly worksInSilence: boolean;
  /** Whether Claude's own model names mean something there, so that they need no mapping. */
  readonly knowsClaude: boolean;
  /**
   * What answers report of cache writes: those of marks in the request, those of the server's own choice (as kept for
   * five minutes), or none. Writes cost more than other input.
   */
  readonly cacheWrites: 'marked' | 'automatic' | 'unreported';
}

const forms: Readonly<Record<Dialect, DialectForm>> = {
  anthropic: {
    paths: {
      messages: '/v1/messages',
      count: '/v1/messages/count_tokens',
      models: '/v1/models?limit=1000',
      model: undefined,
    },
    passesQuery: true,
    clientHeaders:
      /^(?:anthropic-(?:version|beta|dangerous-direct-browser-access)|user-agent|x-app|x-stainless-.+|x-claude-code-.+)$/u,
    headers: [['anthropic-version', '2023-06-01']],
    credential: { header: 'x-api-key', scheme: '' },
    baseUrlHint: 'The base URL usually does not end in /v1.',
    worksInSilence: false,
    knowsClaude: true,
    cacheWrites: 'marked',
  },
  'openai-chat': {
    paths: { messages: '/chat/completions', count: undefined, models: '/models', model: undefined },
    passesQuery: false,
    clientHeaders: undefined,
    headers: [['user-agent', 'claude-code-gateway']],
    credential: { header: 'authorization', scheme: 'Bearer ' },
    baseUrlHint: 'The base URL usually ends in /v1.',
    worksInSilence: false,
    knowsClaude: false,
    cacheWrites: 'automatic',
  },
  'openai-responses': {
    paths: { messages: '/responses', count: '/responses/input_tokens', models: '/models', model: undefined },
    passesQuery: false,
    clientHeaders: undefined,
    headers: [['user-agent', 'claude-code-gateway']],
    credential: { header: 'authorization', scheme: 'Bearer ' },
    baseUrlHint: 'The base URL usually ends in /v1.',
    // Models that show nothing of their reasoning are silent for minutes.
    worksInSilence: true,
    knowsClaude: false,
    cacheWrites: 'automatic',
  },
  ollama: {
    // Its list of models in OpenAI's form is the one that can be read like those of others.
    paths: { messages: '/api/chat', count: undefined, models: '/v1/models', model: '/api/show' },
    passesQuery: false,
    clientHeaders: undefined,
    headers: [['user-agent', 'claude-code-gateway']],
    credential: { header: 'authorization', scheme: 'Bearer ' },
    baseUrlHint: 'It usually has no path, such as http://localhost:11434.',
    worksInSilence: true,
    knowsClaude: false,
    cacheWrites: 'unreported',
  },
  gemini: {
    paths: {
      messages: (model, stream) => geminiPath(model, stream ? 'streamGenerateContent?alt=sse' : 'generateContent'),
      count: (model) => geminiPath(model, 'countTokens'),
      models: '/models?pageSize=1000',
      model: undefined,
    },
    passesQuery: false,
    clientHeaders: undefined,
    headers: [['user-agent', 'claude-code-gateway']],
    credential: { header: 'x-goog-api-key', scheme: '' },
    baseUrlHint: 'The base URL usually ends in /v1beta.',
    worksInSilence: false,
    knowsClaude: false,
    cacheWrites: 'unreported',
  },
};

/** Gemini at Vertex AI: its base URL ends in the publisher, the paths below are the same, and there is no list of models. */
export const vertexForm: DialectForm = {
  ...forms.gemini,
  paths: { ...forms.gemini.paths, models: undefined },
  baseUrlHint:
    'Of Vertex AI it follows from VERTEX_PROJECT, VERTEX_LOCATION and VERTEX_API_BASE, or from gateway.yaml.',
};

/** Lists of models give names with `models/` before them. */
function geminiPath(model: string, method: string): string {
  return `/models/${encodeURIComponent(model.replace(/^models\//u, ''))}:${method}`;
}

/** What a path can depend on. */
interface PathCall {
  readonly operation: keyof DialectForm['paths'];
  readonly model?: string;
  readonly stream?: boolean;
}

/** The path of a request below the base URL; undefined where the dialect has no such request. */
export function requestPath({ paths }: DialectForm, call: PathCall): string | undefined {
  const path = paths[call.operation];
  return typeof path === 'function' ? path(call.model ?? '', call.stream ?? false) : path;
}

export function dialectForm(dialect: Dialect): DialectForm {
  return forms[dialect];
}
