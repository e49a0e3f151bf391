import { z } from 'zod';
import { buildCatalog } from './build-catalog.ts';
import type { Catalog, CatalogProblem, IfSeveral } from './build-catalog.ts';
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
export function catalogFromEnv(env: Env, ifSeveral: IfSeveral = 'require-preferred'): CatalogFromEnv {
  const variables = variablesSchema.safeParse(env);
  const config = catalogConfigSchema.safeParse({
    ...(variables.success ? inputOf(variables.data) : {}),
    providers: providersOf(env),
  });
  const issues = [...(variables.error?.issues ?? []), ...(config.error?.issues ?? [])];
  if (!config.success || issues.length > 0) {
    return { kind: 'faulty', problems: issues.map(({ path, message }) => line(path.map(String), message)) };
  }
  const built = buildCatalog(config.data, ifSeveral);
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

function providersOf(env: Env): Record<string, unknown> {
  return Object.fromEntries(
    knownProviders.flatMap((known) => {
      const read = (variable: string | undefined) => optionalText().parse(env[variable ?? '']);
      const credential = read(known.variables.credential);
      const baseUrl = read(known.variables.baseUrl);
      if (credential === undefined && (baseUrl === undefined || !known.needsNoCredential)) return [];
      const { name, dialect, headers, defaultBaseUrl } = known;
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
  ...knownProviders.map(({ variables, example }) =>
    exampleLine(variables.credential, example.credential, example.what),
  ),
  exampleLine('OPENAI_BASE_URL', 'http://127.0.0.1:8000/v1', 'any OpenAI-compatible server'),
].join('\n    ');

function exampleLine(variable: string, value: string, what: string): string {
  return `${`${variable}=${value}`.padEnd(44)} # ${what}`;
}
