import { Secret } from '@ccg/kernel';
import { z } from 'zod';
import {
  byLine,
  catalogFileSchema,
  createSecretReader,
  isRecord,
  modelText,
  parseFile,
  secretSource,
} from './catalog-file.ts';
import type { CatalogFile, ReadSecret, SecretReader, SecretSource } from './catalog-file.ts';
import type { CatalogInput } from './catalog-config.ts';
import { providerName } from './catalog-config.ts';
import { readIssuers } from './issuers.ts';
import type { IssuerSettings } from './issuers.ts';
import { geminiBaseUrl } from './known-providers.ts';
import { pricedName } from './prices/price-rules.ts';
import type { FileProblem } from './read-yaml.ts';
import { standInUrl } from './stand-ins.ts';
import { vertexBaseUrl } from './vertex.ts';

const keyFileVariable = 'GOOGLE_APPLICATION_CREDENTIALS';

export type ReadCatalogFile =
  | {
      readonly kind: 'read';
      readonly input: Pick<CatalogInput, 'preferred'> & {
        readonly providers: CatalogInput['providers'];
        readonly models: NonNullable<CatalogInput['models']>;
        readonly prices: NonNullable<CatalogInput['prices']>;
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
  const parsed = parseFile(text);
  if (parsed.kind === 'unreadable') return parsed;
  const { value, lineOf, problems } = parsed;
  const file = parsed.file ?? readableParts(value);
  if (file === undefined) return { kind: 'unreadable', problems: byLine(problems) };
  const found: FileProblem[] = [...problems];
  const read = createSecretReader(secrets, (path, message) => found.push({ line: lineOf(path), path, message }));
  const input = toInput(file, { secret: read, keyFile: secrets.env(keyFileVariable)?.trim() || undefined });
  const issuers = issuersIn(file.issuers, read);
  return { kind: 'read', input, issuers, modelNames: namesIn(value, 'models'), problems: byLine(found), lineOf };
}

/** Issuers whose keys are in files that are there. */
export function issuersIn(issuers: CatalogFile['issuers'], read: ReadSecret): readonly IssuerSettings[] {
  const settings = readIssuers(issuers ?? {});
  for (const { name, jwks } of settings) if ('file' in jwks) read(['issuers', name, 'jwks'], jwks);
  return settings;
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
  const { providers = {}, models = {}, prices = {}, preferred, issuers } = value;
  if (!isRecord(providers) || Object.keys(providers).some((name) => !providerName().safeParse(name).success)) {
    return undefined;
  }
  const { shape } = catalogFileSchema;
  const provider = shape.providers.unwrap().valueType;
  const entry = shape.models.unwrap().valueType;
  const price = shape.prices.unwrap().valueType;
  const model = z.object({ model: modelText }).transform((read) => read.model);
  return {
    version: 1,
    preferred: shape.preferred.safeParse(preferred).data,
    issuers: shape.issuers.safeParse(issuers).data,
    prices: mapValues(withNames(prices, pricedName()), (stated) => price.safeParse(stated).data),
    providers: mapValues(providers, (stated) => provider.safeParse(stated).data ?? standInFor(stated)),
    models: mapValues(
      isRecord(models) ? models : {},
      (stated) => entry.safeParse(stated).data ?? model.safeParse(stated).data,
    ),
  };
}

/** The entries of a section whose names are right. */
function withNames(section: unknown, rule: z.ZodType<string>): Readonly<Record<string, unknown>> {
  if (!isRecord(section)) return {};
  return Object.fromEntries(Object.entries(section).filter(([name]) => rule.safeParse(name).success));
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

/** What the file names and does not hold. */
interface Sources {
  readonly secret: ReadSecret;
  /** The file of Google credentials, which is the machine's and so no setting of a provider. */
  readonly keyFile: string | undefined;
}

function toInput({ preferred, providers = {}, models = {}, prices = {} }: CatalogFile, sources: Sources) {
  return {
    ...(preferred === undefined ? {} : { preferred }),
    providers: Object.fromEntries(
      Object.entries(providers).map(([name, provider]) => [name, providerInput(name, provider, sources)]),
    ),
    models: Object.fromEntries(
      Object.entries(models).map(([name, entry]) => [name, typeof entry === 'string' ? { model: entry } : entry]),
    ),
    prices,
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
  read: ReadSecret,
): string | undefined {
  return credential === undefined ? undefined : read([...at, 'credential'], credential);
}

function settingsOf(
  at: readonly string[],
  { headers = {}, timeouts = {} }: Pick<FileProvider, 'headers' | 'timeouts'>,
  read: ReadSecret,
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
