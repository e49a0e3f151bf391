import { Secret } from '@ccg/kernel';
import { z } from 'zod';
import type { CatalogInput } from './catalog-config.ts';
import { dialectRules, providerName } from './catalog-config.ts';
import { issuersRule, readIssuers } from './issuers.ts';
import type { IssuerSettings } from './issuers.ts';
import { readYaml } from './read-yaml.ts';
import { describeIssue } from './file-issues.ts';
import { geminiBaseUrl } from './known-providers.ts';
import type { FileProblem } from './read-yaml.ts';
import { standInUrl } from './stand-ins.ts';
import { vertexBaseUrl, vertexSource } from './vertex.ts';

const keyFileVariable = 'GOOGLE_APPLICATION_CREDENTIALS';

const secretSources = [
  z.strictObject({ env: z.string().min(1) }),
  z.strictObject({ file: z.string().min(1) }),
] as const;

const secretSource = z.union(secretSources, {
  error: 'must be {env: NAME} or {file: PATH}. The secret itself does not belong into this file',
});

type SecretSource = z.output<typeof secretSource>;

const reservedHeaders =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|content-length|content-type|content-encoding|accept-encoding|expect)$/iu;

function seconds(max: number) {
  const error = `must be seconds, from 0.01 to ${max}`;
  return z.number({ error }).min(0.01, { error }).max(max, { error }).optional();
}

/** `credential` is the header that the dialect's own credential goes into. */
function providerBase(credential: string) {
  const isFree = (name: string) => !reservedHeaders.test(name) && name.toLowerCase() !== credential;
  const name = z
    .string()
    .regex(/^[\w!#$%&'*+.^`|~-]+$/u, { error: 'is not the name of an HTTP header' })
    .refine(isFree, {
      error: `is a header that the gateway sets itself; the credential of ${credential} is "credential"`,
    });
  return {
    credential: secretSource.optional(),
    headers: z
      .record(name, z.union([z.string(), secretSource], { error: 'must be text, {env: NAME} or {file: PATH}' }))
      .optional(),
    timeouts: z
      .strictObject({ connect: seconds(600), firstEvent: seconds(3600), idle: seconds(3600) })
      .optional()
      .describe('In seconds; what is left out is as for all providers'),
  };
}

const modelText = z.string().regex(/^[^\s*]+$|^[^\s*:]+:\*$/u, {
  error: 'must be {provider}:{model}, {provider}:* for the name unchanged, or the name of another entry',
});

const entrySchema = z.strictObject({
  model: modelText.describe('{provider}:{model}, {provider}:* for the name unchanged, or the name of another entry'),
  contextTokens: z.int().min(1).optional().describe('The context window'),
  displayName: z.string().min(1).max(200).optional(),
});

/** `gateway.yaml`. What a section is missing comes from the environment. */
const catalogFileSchema = z.strictObject({
  version: z.literal(1),
  preferred: providerName().optional().describe('Serves the names that no entry of models matches'),
  providers: z
    .record(
      providerName(),
      z.discriminatedUnion('dialect', [
        z.strictObject({ ...dialectRules.anthropic, ...providerBase('x-api-key') }),
        z.strictObject({ ...dialectRules['openai-chat'], ...providerBase('authorization') }),
        z.strictObject({ ...dialectRules['openai-responses'], ...providerBase('authorization') }),
        z.strictObject({ ...dialectRules.ollama, ...providerBase('authorization') }),
        z.strictObject({
          ...dialectRules.gemini,
          ...providerBase('x-goog-api-key'),
          baseUrl: dialectRules.gemini.baseUrl.optional(),
          credential: z
            .union([...secretSources, vertexSource], {
              error:
                'must be {env: NAME}, {file: PATH} or {vertex: {project: ID, location: NAME}}. The secret itself does not belong into this file',
            })
            .optional(),
        }),
      ]),
    )
    .optional(),
  models: z
    .record(
      z.string().regex(/^[^\s\p{Cc}]{1,200}$/u, { error: 'must be a name of 1 to 200 characters without spaces' }),
      z.union([modelText, entrySchema]),
    )
    .optional(),
  issuers: issuersRule().optional().describe('Whose tokens (JWT) are taken, each under a name for people'),
});

type CatalogFile = z.output<typeof catalogFileSchema>;

/** Where secrets come from; undefined is not there. */
export interface SecretReader {
  env(name: string): string | undefined;
  file(path: string): string | undefined;
}

export type ReadCatalogFile =
  | {
      readonly kind: 'read';
      readonly input: Pick<CatalogInput, 'preferred'> & {
        readonly providers: CatalogInput['providers'];
        readonly models: NonNullable<CatalogInput['models']>;
      };
      readonly issuers: readonly IssuerSettings[];
      /** Of all entries, also of those that are faulty and so not in the input. */
      readonly modelNames: readonly string[];
      /** Where there are some, the input has others in the place of what is faulty: enough to check the rest. */
      readonly problems: readonly FileProblem[];
      readonly lineOf: (path: readonly (string | number)[]) => number;
    }
  | { readonly kind: 'unreadable'; readonly problems: readonly FileProblem[] };

/** Reads the text of `gateway.yaml` into the shape that the environment gives too, or says all that is wrong with it. */
export function readCatalogFile(text: string, secrets: SecretReader): ReadCatalogFile {
  const yaml = readYaml(text);
  if (yaml.kind === 'faulty') return { kind: 'unreadable', problems: yaml.problems };
  const { lineOf, value } = yaml;
  const parsed = catalogFileSchema.safeParse(value);
  const issues = parsed.error?.issues.flatMap((issue) => describeIssue(issue, [])) ?? [];
  const problems: FileProblem[] = issues.map((problem) => ({ ...problem, line: lineOf(problem.path) }));
  const file = parsed.data ?? readableParts(value);
  if (file === undefined) return { kind: 'unreadable', problems: byLine(problems) };
  const read = (path: readonly string[], source: SecretSource): string => {
    const found = 'env' in source ? secrets.env(source.env)?.trim() : secrets.file(source.file)?.trim();
    if (found !== undefined && found !== '') return found;
    const message =
      'env' in source
        ? `the environment variable ${source.env} is not set. Set it, or remove this setting`
        : `the file ${source.file} is empty or cannot be read. Paths begin at the folder of this file`;
    problems.push({ line: lineOf(path), path, message });
    return '';
  };
  const input = toInput(file, { secret: read, keyFile: secrets.env(keyFileVariable)?.trim() || undefined });
  const issuers = readIssuers(file.issuers ?? {});
  for (const { name, jwks } of issuers) if ('file' in jwks) read(['issuers', name, 'jwks'], jwks);
  return { kind: 'read', input, issuers, modelNames: namesIn(value, 'models'), problems: byLine(problems), lineOf };
}

function byLine(problems: readonly FileProblem[]): FileProblem[] {
  return problems.toSorted((a, b) => a.line - b.line);
}

function namesIn(value: unknown, section: string): string[] {
  return isRecord(value) && isRecord(value[section]) ? Object.keys(value[section]) : [];
}

/**
 * A faulty file without what is faulty, so that the rest can be checked in the same go; undefined where the names of
 * its providers are not known.
 */
function readableParts(value: unknown): CatalogFile | undefined {
  if (!isRecord(value)) return undefined;
  const { providers = {}, models = {}, preferred, issuers } = value;
  if (!isRecord(providers) || Object.keys(providers).some((name) => !providerName().safeParse(name).success)) {
    return undefined;
  }
  const { shape } = catalogFileSchema;
  const provider = shape.providers.unwrap().valueType;
  const entry = shape.models.unwrap().valueType;
  const model = z.object({ model: modelText }).transform((read) => read.model);
  return {
    version: 1,
    preferred: shape.preferred.safeParse(preferred).data,
    issuers: shape.issuers.safeParse(issuers).data,
    providers: mapValues(providers, (stated) => provider.safeParse(stated).data ?? standInFor(stated)),
    models: mapValues(
      isRecord(models) ? models : {},
      (stated) => entry.safeParse(stated).data ?? model.safeParse(stated).data,
    ),
  };
}

function mapValues<Value>(of: Readonly<Record<string, unknown>>, map: (value: unknown) => Value | undefined) {
  return Object.fromEntries(
    Object.entries(of).flatMap(([name, value]) => {
      const mapped = map(value);
      return mapped === undefined ? [] : [[name, mapped] as const];
    }),
  );
}

/** It keeps what the faulty one names outside of the file, which is looked for all the same. */
function standInFor(stated: unknown) {
  const { credential, headers } = isRecord(stated) ? stated : {};
  const sources = isRecord(headers) ? mapValues(headers, (value) => secretSource.safeParse(value).data) : {};
  const found = { credential: secretSource.safeParse(credential).data, headers: sources };
  return { dialect: 'openai-chat', baseUrl: standInUrl, ...found } as const;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What the file names and does not hold. */
interface Sources {
  readonly secret: (path: readonly string[], source: SecretSource) => string;
  /** The file of Google credentials, which is the machine's and so no setting of a provider. */
  readonly keyFile: string | undefined;
}

function toInput({ preferred, providers = {}, models = {} }: CatalogFile, sources: Sources) {
  return {
    ...(preferred === undefined ? {} : { preferred }),
    providers: Object.fromEntries(
      Object.entries(providers).map(([name, provider]) => [name, providerInput(name, provider, sources)]),
    ),
    models: Object.fromEntries(
      Object.entries(models).map(([name, entry]) => [name, typeof entry === 'string' ? { model: entry } : entry]),
    ),
  };
}

type FileProvider = NonNullable<CatalogFile['providers']>[string];

function providerInput(name: string, provider: FileProvider, sources: Sources): CatalogInput['providers'][string] {
  const { secret: read, keyFile } = sources;
  const at = ['providers', name];
  if (provider.dialect === 'gemini') {
    const { credential, baseUrl, ...rest } = provider;
    const others = { ...rest, ...settingsOf(at, rest, read) };
    if (credential === undefined || !('vertex' in credential)) {
      return { ...others, baseUrl: baseUrl ?? geminiBaseUrl, credential: credentialOf(at, credential, read) };
    }
    const { vertex } = credential;
    const google = { kind: 'google', project: vertex.project, keyFile } as const;
    return { ...others, baseUrl: baseUrl ?? vertexBaseUrl(vertex), google };
  }
  return { ...provider, credential: credentialOf(at, provider.credential, read), ...settingsOf(at, provider, read) };
}

function credentialOf(
  at: readonly string[],
  credential: SecretSource | undefined,
  read: Sources['secret'],
): string | undefined {
  return credential === undefined ? undefined : read([...at, 'credential'], credential);
}

function settingsOf(
  at: readonly string[],
  { headers = {}, timeouts = {} }: Pick<FileProvider, 'headers' | 'timeouts'>,
  read: Sources['secret'],
) {
  return {
    headers: Object.entries(headers).map(([header, value]): [string, Secret] => {
      const text = typeof value === 'string' ? value : read([...at, 'headers', header], value);
      return [header.toLowerCase(), new Secret(text)];
    }),
    timeouts: {
      connectMs: inMs(timeouts.connect),
      firstEventMs: inMs(timeouts.firstEvent),
      idleMs: inMs(timeouts.idle),
    },
  };
}

function inMs(duration: number | undefined): number | undefined {
  return duration === undefined ? undefined : Math.round(duration * 1000);
}

/** The JSON Schema of the file, for editors. */
export function catalogFileJsonSchema(): object {
  return z.toJSONSchema(catalogFileSchema, { io: 'input' });
}
