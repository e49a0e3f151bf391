import { Secret } from '@ccg/kernel';
import { byLine, catalogFileSchema, createSecretReader, isRecord, parseFile } from './catalog-file.ts';
import type { CatalogFileSource } from './catalog-file.ts';
import { issuersIn } from './from-file.ts';
import type { IssuerSettings } from './issuers.ts';
import type { FileProblem } from './read-yaml.ts';
import { placed } from './say-problem.ts';
import { apiKeySources, looksLikeApiKey, readDirectory } from './tenants.ts';
import type { DirectorySettings } from './tenants.ts';

export type DirectoryFromFile =
  | { readonly kind: 'valid'; readonly directory: DirectorySettings; readonly issuers: readonly IssuerSettings[] }
  /** One line each, which names the line of the file and the remedy, and no value: it may be a secret. */
  | { readonly kind: 'faulty'; readonly problems: readonly string[] };

/**
 * Reads who may use the gateway: the tenants of the file with their API keys, its policies and its issuers. What is wrong
 * with providers and models is left to the gateway, since their credentials need not be where this is read.
 */
export function directoryFromFile({ path, text, secrets }: CatalogFileSource): DirectoryFromFile {
  const faulty = (problems: readonly FileProblem[]): DirectoryFromFile => ({
    kind: 'faulty',
    problems: byLine(problems).map((problem) => placed(path, problem)),
  });
  const parsed = parseFile(text);
  if (parsed.kind === 'unreadable') return faulty(parsed.problems);
  const { lineOf } = parsed;
  const value = isRecord(parsed.value) ? parsed.value : {};
  const found = parsed.problems.filter(({ path: [section] }) => !sectionsOfModels.has(section));
  const fail = (at: FileProblem['path'], message: string) => found.push({ line: lineOf(at), path: at, message });
  const read = createSecretReader(secrets, fail);
  for (const { path: at, source } of apiKeySources(value['tenants'])) {
    const apiKey = read(at, source);
    if (apiKey !== '' && !looksLikeApiKey(apiKey))
      fail(at, 'leads to something that is not an API key of this gateway');
  }
  const { shape } = catalogFileSchema;
  const issuers = issuersIn(shape.issuers.safeParse(value['issuers']).data, read);
  if (found.length > 0) return faulty(found);
  const policies = shape.policies.parse(value['policies']) ?? {};
  const tenants = shape.tenants.parse(value['tenants']) ?? {};
  const directory = readDirectory(policies, tenants, (source) => new Secret(read([], source)));
  return { kind: 'valid', directory, issuers };
}

const sectionsOfModels: ReadonlySet<string | number | undefined> = new Set([
  'preferred',
  'providers',
  'models',
  'prices',
]);
