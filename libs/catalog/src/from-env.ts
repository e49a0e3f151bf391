import { z } from 'zod';
import { buildCatalog, claudeNames } from './build-catalog.ts';
import type { Audience, Catalog, CatalogProblem } from './build-catalog.ts';
import { catalogConfigSchema, ollamaKeepAlive, ollamaWindow } from './catalog-config.ts';
import type { CatalogConfig, CatalogInput } from './catalog-config.ts';
import { nameList, onOrOff, optionalText, wholeNumber } from './env-rules.ts';
import type { CatalogFileSource } from './catalog-file.ts';
import { readCatalogFile } from './from-file.ts';
import type { ReadCatalogFile } from './from-file.ts';
import { safetyThresholds } from './capabilities/gemini-capabilities.ts';
import { issuerWarnings } from './issuers.ts';
import type { IssuerSettings } from './issuers.ts';
import { aliasOf, asProviderName, howToConfigure, knownProviders } from './known-providers.ts';
import { withStandIns } from './stand-ins.ts';
import { idleVariables, otherNames } from './idle-variables.ts';
import { pathText, placed, sayAt } from './say-problem.ts';
import { vertexProblems, vertexSettings, vertexVariables, vertexVariablesIn } from './vertex.ts';

const manyTokens = 999_999_999;

/** The name of a provider, alone or before a model. */
function providerName() {
  return optionalText().transform((text) => (text === undefined ? undefined : asProviderName(text)));
}

/** The variables beside those of the providers. What a provider's must be, its place in the configuration says. */
const variablesSchema = z.object({
  PREFERRED_PROVIDER: providerName(),
  OPENAI_DIALECT: optionalText().pipe(
    z.enum(['openai-chat', 'openai-responses'], { error: 'must be openai-chat or openai-responses' }).optional(),
  ),
  BIG_MODEL: providerName(),
  SMALL_MODEL: providerName(),
  BIG_MODEL_CONTEXT_TOKENS: wholeNumber({ max: manyTokens, unset: 0 }),
  SMALL_MODEL_CONTEXT_TOKENS: wholeNumber({ max: manyTokens, unset: 0 }),
  MAX_OUTPUT_TOKENS: wholeNumber({ max: manyTokens, unset: 0 }),
  NVIDIA_REASONING_BUDGET: wholeNumber({ max: manyTokens, unset: 16_384 }),
  NVIDIA_ENABLE_THINKING: onOrOff(true),
  TEXT_TOOL_CALLS: nameList(),
  OLLAMA_NUM_CTX: wholeNumber(ollamaWindow),
  OLLAMA_KEEP_ALIVE: optionalText()
    .transform((text): string | number | undefined => text)
    .pipe(ollamaKeepAlive().optional()),
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
      readonly issuers: readonly IssuerSettings[];
      readonly warnings: readonly string[];
      /** What of the environment the file replaces. */
      readonly notices: readonly string[];
      /** The files of Google credentials that providers need. */
      readonly keyFiles: readonly string[];
    }
  | { readonly kind: 'faulty'; readonly problems: readonly string[]; readonly keyFiles: readonly string[] };

/**
 * Builds the catalog from variables, and from a file whose entries replace those of the same name, or says all that is
 * wrong. Which providers the variables make follows from the credentials that are set.
 */
export function catalogFromEnv(
  env: Env,
  audience: Audience = 'organisation',
  source?: CatalogFileSource | 'unreadable',
): CatalogFromEnv {
  const variables = readVariables(env);
  const file = readSource(source);
  const path = typeof source === 'object' ? source.path : '';
  const say = sayAt(path, file);
  const linesOf = (found: readonly CatalogProblem[]) => found.map((problem) => say(problem.path, problem.message));
  const fromEnv = { ...inputOf(variables.data), providers: providersOf(env, audience, variables.data) };
  const fromFile = file.kind === 'read' ? file.input : noFile.input;
  const merged = merge(fromEnv, fromFile);
  const config = catalogConfigSchema.safeParse(merged);
  const faults = [
    ...linesOf([...variables.problems, ...vertexProblems(env)]),
    ...file.problems.map((problem) => placed(path, problem)),
    ...linesOf((config.error?.issues ?? []).map((issue) => ({ ...issue, path: issue.path.map(String) }))),
  ];
  const complete = config.data ?? catalogConfigSchema.parse(withStandIns(merged, config.error.issues));
  const keyFiles = keyFilesOf(complete);
  // Which providers there are is not known then, so nothing can be said of what names them.
  if (file.kind === 'unreadable') return { kind: 'faulty', problems: [...new Set(faults)], keyFiles };
  const unknown = unknownProviders(file, complete.providers);
  const models = withoutModels(complete, unknown, file.modelNames);
  const isWhole = faults.length === 0 && unknown.length === 0;
  const built = buildCatalog({ ...complete, models }, audience, { isWhole });
  const idle = idleVariables(env, fromEnv.providers);
  const found = [...faults, ...linesOf([...unknown, ...(built.kind === 'faulty' ? built.problems : [])])];
  const problems = found.length === 0 ? [] : [...found, ...linesOf([...idle, ...otherNames(env, fromEnv.providers)])];
  if (built.kind === 'faulty' || problems.length > 0) {
    return { kind: 'faulty', problems: [...new Set(problems)], keyFiles };
  }
  const notices = replacedBy(fromFile, fromEnv).map((name) => `${path}: ${name} replaces the one of the environment`);
  const { issuers } = file;
  const warnings = [...new Set(linesOf([...built.warnings, ...issuerWarnings(issuers), ...idle]))];
  return { ...built, issuers, warnings, notices, keyFiles };
}

function readSource(source: CatalogFileSource | 'unreadable' | undefined): ReadCatalogFile {
  if (source === undefined) return noFile;
  return source === 'unreadable' ? { kind: source, problems: [] } : readCatalogFile(source.text, source.secrets);
}

function keyFilesOf({ providers }: CatalogConfig): readonly string[] {
  const files = Object.values(providers).map((provider) =>
    'google' in provider ? provider.google?.keyFile : undefined,
  );
  return [...new Set(files.filter((file) => file !== undefined))];
}

/** Without the entries that name unknown providers. If the one for all names is faulty, another stands for it. */
function withoutModels(
  { models, providers }: CatalogConfig,
  unknown: readonly CatalogProblem[],
  names: readonly string[],
): CatalogConfig['models'] {
  const faulty = new Set(unknown.map(({ path: [, name] }) => name));
  const rest = Object.fromEntries(Object.entries(models).filter(([name]) => !faulty.has(name)));
  const [first] = Object.keys(providers);
  const isForAll = names.includes('*') && rest['*'] === undefined && first !== undefined;
  return isForAll ? { ...rest, '*': { model: `${first}:*`, isTier: false } } : rest;
}

interface ReadVariables {
  readonly data: z.output<typeof variablesSchema>;
  readonly problems: readonly CatalogProblem[];
}

/** A variable that is faulty counts as unset afterwards, so that all faults are told at once. */
function readVariables(env: Env): ReadVariables {
  const parsed = variablesSchema.safeParse(env);
  if (parsed.success) return { data: parsed.data, problems: [] };
  const problems = parsed.error.issues.map(({ path, message }) => ({ path: path.map(String), message }));
  const faulty = new Set(problems.map(({ path: [name] }) => name));
  const others = Object.fromEntries(Object.entries(env).filter(([name]) => !faulty.has(name)));
  return { data: variablesSchema.parse(others), problems };
}

type FileInput = Extract<ReadCatalogFile, { kind: 'read' }>['input'];

const noFile: Extract<ReadCatalogFile, { kind: 'read' }> = {
  kind: 'read',
  input: { providers: {}, models: {}, prices: {} },
  issuers: [],
  modelNames: [],
  problems: [],
  lineOf: () => 1,
};

/** Entries of the file stand first, and replace those of the same name, or of the other name of the same provider. */
function merge(env: EnvInput, file: FileInput) {
  const ofEnv = Object.entries(env.providers).filter(([name]) => !isReplaced(name, file));
  const inFile = new Set(Object.keys(file.models).map((name) => name.toLowerCase()));
  const others = Object.entries(env.models ?? {}).filter(([name]) => !inFile.has(name));
  return {
    ...env,
    preferred: file.preferred ?? env.preferred,
    providers: { ...Object.fromEntries(ofEnv), ...file.providers },
    models: { ...file.models, ...Object.fromEntries(others) },
    prices: file.prices,
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
function unknownProviders(
  { input: { models }, modelNames }: Extract<ReadCatalogFile, { kind: 'read' }>,
  providers: object,
): CatalogProblem[] {
  const names = new Set(modelNames.map((name) => name.toLowerCase()));
  const configured = Object.keys(providers).join(', ') || 'none';
  return Object.entries(models).flatMap(([name, { model = '' }]) => {
    const [provider = ''] = model.split(':');
    const isAlias = names.has(model.toLowerCase());
    const isKnown = [provider, aliasOf(provider) ?? provider].some((known) => Object.hasOwn(providers, known));
    if (isAlias || (model.includes(':') && isKnown)) return [];
    const what = model.includes(':')
      ? `"${provider}" is not a configured provider`
      : `"${model}" is neither {provider}:{model} nor the name of another entry`;
    const how = model.includes(':') ? howToConfigure(provider) : '';
    return [
      { path: ['models', name], message: `${what}. Configured providers: ${configured}${how === '' ? '' : `.${how}`}` },
    ];
  });
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

function providersOf(
  env: Env,
  audience: Audience,
  variables: z.infer<typeof variablesSchema>,
): Record<string, unknown> {
  const preferred = providerName().parse(env['PREFERRED_PROVIDER']);
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
        const { OLLAMA_NUM_CTX: contextTokens, OLLAMA_KEEP_ALIVE: keepAlive } = variables;
        const settings = { contextTokens, keepAlive, onlyByName: !isNamed };
        return [[name, { dialect, baseUrl: baseUrl ?? defaultBaseUrl, credential, headers, ...settings }]];
      }
      if (dialect === 'gemini') {
        const { GEMINI_SAFETY_THRESHOLD: safetyThreshold } = variables;
        // With faulty variables of Vertex AI there is no provider to start with, but one that others may name.
        const isMeant = isConfigured || vertexVariablesIn(env).length > 0;
        const byKey = isMeant ? { baseUrl: baseUrl ?? defaultBaseUrl, credential } : undefined;
        const reached = vertexSettings(variables) ?? byKey;
        return reached === undefined ? [] : [[name, { dialect, ...reached, headers, safetyThreshold }]];
      }
      if (!isConfigured) return [];
      const profile = read(known.variables.profile) ?? known.profile;
      const base = { dialect, baseUrl: baseUrl ?? defaultBaseUrl, credential, profile, headers };
      const stated = known.variables.dialect === undefined ? undefined : variables[known.variables.dialect];
      return [[name, { ...base, ...spoken(stated) }]];
    }),
  );
}

/** Chat completions that were asked for are asked of every model; where nothing is said, models differ. */
function spoken(stated: 'openai-chat' | 'openai-responses' | undefined): object {
  if (stated === undefined) return {};
  return stated === 'openai-chat' ? { capabilities: { responses: false } } : { dialect: stated };
}
