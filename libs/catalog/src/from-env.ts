import { z } from 'zod';
import { buildCatalog, claudeNames } from './build-catalog.ts';
import type { Audience, Catalog, CatalogProblem } from './build-catalog.ts';
import { catalogConfigSchema } from './catalog-config.ts';
import type { CatalogInput } from './catalog-config.ts';
import { nameList, onOrOff, optionalText, wholeNumber } from './env-rules.ts';
import { readCatalogFile } from './from-file.ts';
import type { ReadCatalogFile, SecretReader } from './from-file.ts';
import { safetyThresholds } from './capabilities/gemini-capabilities.ts';
import { aliasOf, knownProviders } from './known-providers.ts';
import type { KnownProvider } from './known-providers.ts';
import type { FileProblem } from './read-yaml.ts';
import { vertexProblems, vertexSettings, vertexVariables } from './vertex.ts';

const manyTokens = 999_999_999;

/** The variables beside those of the providers. What a provider's must be, its place in the configuration says. */
const variablesSchema = z.object({
  PREFERRED_PROVIDER: optionalText(),
  OPENAI_DIALECT: optionalText().pipe(
    z.enum(['openai-chat', 'openai-responses'], { error: 'must be openai-chat or openai-responses' }).optional(),
  ),
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
  ...vertexVariables,
  GEMINI_SAFETY_THRESHOLD: optionalText().pipe(
    z.enum(safetyThresholds, { error: `must be one of ${safetyThresholds.join(', ')}` }).optional(),
  ),
});

/** The names of all variables that describe providers and models. */
export const catalogVariables: readonly string[] = [
  ...new Set([
    ...knownProviders.flatMap(({ variables }) => Object.values(variables)),
    ...Object.keys(variablesSchema.shape),
  ]),
];

type Env = Readonly<Record<string, string | undefined>>;

export type CatalogFromEnv =
  /** Problems and warnings are one line each, which names the variable or the line, and the remedy, and no value: it may be a secret. */
  | {
      readonly kind: 'valid';
      readonly catalog: Catalog;
      readonly warnings: readonly string[];
      /** What of the environment the file replaces. */
      readonly notices: readonly string[];
    }
  | { readonly kind: 'faulty'; readonly problems: readonly string[] };

/** The text of `gateway.yaml` and where the secrets are that it names. */
export interface CatalogFileSource {
  /** For messages. */
  readonly path: string;
  readonly text: string;
  readonly secrets: SecretReader;
}

/**
 * Builds the catalog from variables, and from a file whose entries replace those of the same name. Which providers the
 * variables make follows from the credentials that are set.
 */
export function catalogFromEnv(
  env: Env,
  audience: Audience = 'organisation',
  source?: CatalogFileSource,
): CatalogFromEnv {
  const variables = variablesSchema.safeParse(env);
  const file = source === undefined ? noFile : readCatalogFile(source.text, source.secrets);
  const say = sayAt(source?.path, file);
  const fromEnv = {
    ...(variables.success ? inputOf(variables.data) : {}),
    providers: providersOf(env, audience, variables.data),
  };
  const fromFile = file.kind === 'read' ? file.input : noFile.input;
  const config = catalogConfigSchema.safeParse(merge(fromEnv, fromFile));
  const problems = [
    ...(variables.error?.issues ?? []).map(({ path, message }) => say(path.map(String), message)),
    ...vertexProblems(env).map(({ path, message }) => say(path, message)),
    ...(file.kind === 'faulty' ? file.problems.map((problem) => placed(source?.path, problem)) : []),
    ...(config.error?.issues ?? []).map(({ path, message }) => say(path.map(String), message)),
    ...unknownProviders(fromFile.models, { ...fromEnv.providers, ...fromFile.providers }).map(({ path, message }) =>
      say(path, message),
    ),
  ];
  if (!config.success || problems.length > 0) return { kind: 'faulty', problems: [...new Set(problems)] };
  const built = buildCatalog(config.data, audience);
  const linesOf = (found: readonly CatalogProblem[]) => [
    ...new Set(found.map(({ path, message }) => say(path, message))),
  ];
  if (built.kind === 'faulty') return { kind: 'faulty', problems: linesOf(built.problems) };
  return {
    ...built,
    warnings: linesOf(built.warnings),
    notices: replacedBy(fromFile, fromEnv).map(
      (name) => `${source?.path ?? ''}: ${name} replaces the one of the environment`,
    ),
  };
}

type FileInput = Extract<ReadCatalogFile, { kind: 'read' }>['input'];

const noFile: Extract<ReadCatalogFile, { kind: 'read' }> = {
  kind: 'read',
  input: { providers: {}, models: {} },
  lineOf: () => 1,
};

/** Entries of the file stand first, and replace those of the same name, or of the other name of the same provider. */
function merge(env: EnvInput, file: FileInput): object {
  const ofEnv = Object.entries(env.providers).filter(([name]) => !isReplaced(name, file));
  const inFile = new Set(Object.keys(file.models).map((name) => name.toLowerCase()));
  const others = Object.entries(env.models ?? {}).filter(([name]) => !inFile.has(name));
  return {
    ...env,
    preferred: file.preferred ?? env.preferred,
    providers: { ...Object.fromEntries(ofEnv), ...file.providers },
    models: { ...file.models, ...Object.fromEntries(others) },
  };
}

type EnvInput = Partial<Omit<CatalogInput, 'providers'>> & { readonly providers: Record<string, unknown> };

function isReplaced(provider: string, { providers }: FileInput): boolean {
  return [provider, aliasOf(provider) ?? provider].some((name) => Object.hasOwn(providers, name));
}

/** The settings of the environment that stand in the file too. */
function replacedBy(file: FileInput, env: EnvInput): string[] {
  const set = Object.entries(env.models ?? {}).flatMap(([name, { model }]) => (model === undefined ? [] : [name]));
  const names = new Set(Object.keys(file.models).map((name) => name.toLowerCase()));
  return [
    ...Object.keys(env.providers)
      .filter((name) => isReplaced(name, file))
      .map((name) => pathText(['providers', name])),
    ...set.filter((name) => names.has(name)).map((name) => pathText(['models', name])),
    ...(file.preferred !== undefined && env.preferred !== undefined ? ['preferred'] : []),
  ];
}

/** A file names its targets whole: a provider that is misspelt must not become a part of the name of a model. */
function unknownProviders(models: FileInput['models'], providers: object): CatalogProblem[] {
  const names = new Set(Object.keys(models).map((name) => name.toLowerCase()));
  const configured = Object.keys(providers).join(', ') || 'none';
  return Object.entries(models).flatMap(([name, { model = '' }]) => {
    const [provider = ''] = model.split(':');
    const isAlias = names.has(model.toLowerCase());
    const isKnown = [provider, aliasOf(provider) ?? provider].some((known) => Object.hasOwn(providers, known));
    if (isAlias || (model.includes(':') && isKnown)) return [];
    const what = model.includes(':')
      ? `"${provider}" is not a configured provider`
      : `"${model}" is neither {provider}:{model} nor the name of another entry`;
    return [{ path: ['models', name], message: `${what}. Configured providers: ${configured}` }];
  });
}

/** Says in terms of the file, or else of variables, what is wrong with a setting. */
function sayAt(path: string | undefined, file: ReadCatalogFile) {
  return (at: readonly string[], message: string): string => {
    const [section, name = ''] = at;
    const isInFile =
      file.kind === 'read' &&
      ((section === 'providers' && Object.hasOwn(file.input.providers, name)) ||
        (section === 'models' && Object.hasOwn(file.input.models, name)) ||
        (section === 'preferred' && file.input.preferred !== undefined));
    return isInFile ? placed(path, { line: file.lineOf(at), path: at, message }) : line(at, message);
  };
}

function placed(file: string | undefined, { line: number, path, message }: FileProblem): string {
  return `${file ?? ''}:${number}: ${path.length === 0 ? '' : `${pathText(path)}: `}${message}`;
}

function pathText(path: readonly (string | number)[]): string {
  return path.map((part) => (/^[\w-]+$/u.test(String(part)) ? String(part) : JSON.stringify(part))).join('.');
}

function inputOf(variables: z.infer<typeof variablesSchema>): Omit<CatalogInput, 'providers'> {
  const thinking = { on: variables.NVIDIA_ENABLE_THINKING, budgetTokens: variables.NVIDIA_REASONING_BUDGET };
  const big = {
    model: variables.BIG_MODEL,
    contextTokens: variables.BIG_MODEL_CONTEXT_TOKENS || undefined,
    isTier: true,
  };
  const small = {
    model: variables.SMALL_MODEL,
    contextTokens: variables.SMALL_MODEL_CONTEXT_TOKENS || undefined,
    isTier: true,
  };
  return {
    preferred: variables.PREFERRED_PROVIDER,
    models: Object.fromEntries([
      ...claudeNames.big.map((name) => [name, big]),
      ...claudeNames.small.map((name) => [name, small]),
    ]),
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
      if (dialect === 'gemini') {
        const { GEMINI_SAFETY_THRESHOLD: safetyThreshold } = variables ?? {};
        const byKey = isConfigured ? { baseUrl: baseUrl ?? defaultBaseUrl, credential } : undefined;
        const reached = (variables === undefined ? undefined : vertexSettings(variables)) ?? byKey;
        return reached === undefined ? [] : [[name, { dialect, ...reached, headers, safetyThreshold }]];
      }
      if (!isConfigured) return [];
      const profile = read(known.variables.profile) ?? known.profile;
      const base = { dialect, baseUrl: baseUrl ?? defaultBaseUrl, credential, profile, headers };
      const stated = known.variables.dialect === undefined ? undefined : variables?.[known.variables.dialect];
      return [[name, { ...base, ...spoken(stated) }]];
    }),
  );
}

/** Chat completions that were asked for are asked of every model; where nothing is said, models differ. */
function spoken(stated: 'openai-chat' | 'openai-responses' | undefined): object {
  if (stated === undefined) return {};
  return stated === 'openai-chat' ? { capabilities: { responses: false } } : { dialect: stated };
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
    case 'models':
      return claudeNames.small.includes(name)
        ? 'SMALL_MODEL'
        : claudeNames.big.includes(name)
          ? 'BIG_MODEL'
          : undefined;
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
  exampleLine('USE_VERTEX_AUTH=true VERTEX_PROJECT=...', 'Gemini on Vertex AI'),
  exampleLine('OPENAI_BASE_URL=http://127.0.0.1:8000/v1', 'any OpenAI-compatible server'),
].join('\n    ');

function exampleLine(line: string, what: string): string {
  return `${line.padEnd(44)} # ${what}`;
}
