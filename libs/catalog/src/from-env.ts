import { z } from 'zod';
import { buildCatalog } from './build-catalog.ts';
import type { Audience, Catalog, CatalogProblem } from './build-catalog.ts';
import { catalogConfigSchema } from './catalog-config.ts';
import type { CatalogInput } from './catalog-config.ts';
import { nameList, onOrOff, optionalText, wholeNumber } from './env-rules.ts';
import { knownProviders } from './known-providers.ts';
import type { KnownProvider } from './known-providers.ts';

const manyTokens = 999_999_999;

/** The variables beside those of the providers. What a provider's must be, its place in the configuration says. */
const variablesSchema = z.object({
  PREFERRED_PROVIDER: optionalText(),
  BIG_MODEL: optionalText(),
  SMALL_MODEL: optionalText(),
  BIG_MODEL_CONTEXT_TOKENS: wholeNumber({ max: manyTokens, unset: 0 }),
  SMALL_MODEL_CONTEXT_TOKENS: wholeNumber({ max: manyTokens, unset: 0 }),
  MAX_OUTPUT_TOKENS: wholeNumber({ max: manyTokens, unset: 0 }),
  NVIDIA_REASONING_BUDGET: wholeNumber({ max: manyTokens, unset: 16_384 }),
  NVIDIA_ENABLE_THINKING: onOrOff(true),
  TEXT_TOOL_CALLS: nameList(),
  OLLAMA_NUM_CTX: wholeNumber({ min: 1024, max: manyTokens, unset: 128_000 }),
  OLLAMA_KEEP_ALIVE: optionalText()
    .refine((text = '0') => /^(?:-?\d+|-?(?:\d+(?:\.\d+)?(?:ms|s|m|h))+)$/u.test(text), {
      error: 'must be a duration such as 30m or 24h, a number of seconds, or -1 for no end',
    })
    .transform((text = '30m') => (/^-?\d+$/u.test(text) ? Number(text) : text)),
});

/** The names of all variables that describe providers and models. */
export const catalogVariables: readonly string[] = [
  ...knownProviders.flatMap(({ variables }) => Object.values(variables)),
  ...Object.keys(variablesSchema.shape),
];

type Env = Readonly<Record<string, string | undefined>>;

export type CatalogFromEnv =
  /** Problems and warnings are one line each, which names the variable and the remedy, and no value: it may be a secret. */
  | { readonly kind: 'valid'; readonly catalog: Catalog; readonly warnings: readonly string[] }
  | { readonly kind: 'faulty'; readonly problems: readonly string[] };

/** Builds the catalog from variables. Which providers exist follows from the credentials that are set. */
export function catalogFromEnv(env: Env, audience: Audience = 'organisation'): CatalogFromEnv {
  const variables = variablesSchema.safeParse(env);
  const config = catalogConfigSchema.safeParse({
    ...(variables.success ? inputOf(variables.data) : {}),
    providers: providersOf(env, audience, variables.data),
  });
  const issues = [...(variables.error?.issues ?? []), ...(config.error?.issues ?? [])];
  if (!config.success || issues.length > 0) {
    return { kind: 'faulty', problems: issues.map(({ path, message }) => line(path.map(String), message)) };
  }
  const built = buildCatalog(config.data, audience);
  const linesOf = (problems: readonly CatalogProblem[]) => problems.map(({ path, message }) => line(path, message));
  if (built.kind === 'faulty') return { kind: 'faulty', problems: linesOf(built.problems) };
  return { ...built, warnings: linesOf(built.warnings) };
}

function inputOf(variables: z.infer<typeof variablesSchema>): Omit<CatalogInput, 'providers'> {
  const thinking = { on: variables.NVIDIA_ENABLE_THINKING, budgetTokens: variables.NVIDIA_REASONING_BUDGET };
  return {
    preferred: variables.PREFERRED_PROVIDER,
    big: { model: variables.BIG_MODEL, contextTokens: variables.BIG_MODEL_CONTEXT_TOKENS || undefined },
    small: { model: variables.SMALL_MODEL, contextTokens: variables.SMALL_MODEL_CONTEXT_TOKENS || undefined },
    maxOutputTokens: variables.MAX_OUTPUT_TOKENS,
    overrides: [
      { models: ['nemotron'], traits: { thinking } },
      { models: variables.TEXT_TOOL_CALLS, traits: { textCalls: true } },
    ],
  };
}

/** Where a variable is faulty, its provider is read all the same, so that all faults are told at once. */
function providersOf(
  env: Env,
  audience: Audience,
  variables: z.infer<typeof variablesSchema> | undefined,
): Record<string, unknown> {
  const preferred = optionalText().parse(env['PREFERRED_PROVIDER']);
  return Object.fromEntries(
    knownProviders.flatMap((known): (readonly [string, unknown])[] => {
      const read = (variable: string | undefined) => optionalText().parse(env[variable ?? '']);
      const credential = read(known.variables.credential);
      const baseUrl = read(known.variables.baseUrl);
      const { name, dialect, headers, defaultBaseUrl } = known;
      const isConfigured =
        (credential !== undefined && known.isByCredential) || (baseUrl !== undefined && known.needsNoCredential);
      if (dialect === 'ollama') {
        const isNamed = isConfigured || preferred === name;
        if (!isNamed && audience === 'organisation') return [];
        const { OLLAMA_NUM_CTX: contextTokens = 1, OLLAMA_KEEP_ALIVE: keepAlive = 0 } = variables ?? {};
        const settings = { contextTokens, keepAlive, onlyByName: !isNamed };
        return [[name, { dialect, baseUrl: baseUrl ?? defaultBaseUrl, credential, headers, ...settings }]];
      }
      if (!isConfigured) return [];
      const profile = read(known.variables.profile) ?? known.profile;
      return [[name, { dialect, baseUrl: baseUrl ?? defaultBaseUrl, credential, profile, headers }]];
    }),
  );
}

/** Says in terms of variables what is wrong with a place in the configuration. */
function line(path: readonly string[], message: string): string {
  const [head = '', name = '', setting = ''] = path;
  if (head === 'providers' && name === '') return noProvider;
  return `${variableAt(head, name, setting) ?? path.join('.')}: ${message}`;
}

function variableAt(head: string, name: string, setting: string): string | undefined {
  switch (head) {
    case 'providers': {
      const variables: Readonly<Record<string, string>> | undefined = known(name)?.variables;
      return variables?.[setting];
    }
    case 'preferred':
      return 'PREFERRED_PROVIDER';
    case 'big':
      return 'BIG_MODEL';
    case 'small':
      return 'SMALL_MODEL';
    default:
      return undefined;
  }
}

function known(name: string): KnownProvider | undefined {
  return knownProviders.find((provider) => provider.name === name);
}

const noProvider = [
  'No provider is configured. Put one of these into .env, or into the environment:',
  ...knownProviders.map(({ example }) => exampleLine(example.line, example.what)),
  exampleLine('OPENAI_BASE_URL=http://127.0.0.1:8000/v1', 'any OpenAI-compatible server'),
].join('\n    ');

function exampleLine(line: string, what: string): string {
  return `${line.padEnd(44)} # ${what}`;
}
