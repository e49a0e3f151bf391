import { z } from 'zod';
import { dialectRules, providerName } from './catalog-config.ts';
import { describeIssue } from './file-issues.ts';
import { issuersRule } from './issuers.ts';
import { pricedName, statedPriceRule } from './prices/price-rules.ts';
import { readYaml } from './read-yaml.ts';
import type { FileProblem } from './read-yaml.ts';
import { directoryProblems, directoryRules } from './tenants.ts';
import { vertexSource } from './vertex.ts';

const secretSources = [
  z.strictObject({ env: z.string().min(1) }),
  z.strictObject({ file: z.string().min(1) }),
] as const;

export const secretSource = z.union(secretSources, {
  error: 'must be {env: NAME} or {file: PATH}. The secret itself does not belong into this file',
});

export type SecretSource = z.output<typeof secretSource>;

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

export const modelText = z.string().regex(/^[^\s*]+$|^[^\s*:]+:\*$/u, {
  error: 'must be {provider}:{model}, {provider}:* for the name unchanged, or the name of another entry',
});

const entrySchema = z.strictObject({
  model: modelText.describe('{provider}:{model}, {provider}:* for the name unchanged, or the name of another entry'),
  contextTokens: z.int().min(1).optional().describe('The context window'),
  displayName: z.string().min(1).max(200).optional(),
});

/** `gateway.yaml`. What a section is missing comes from the environment. */
export const catalogFileSchema = z.strictObject({
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
  prices: z
    .record(pricedName(), statedPriceRule)
    .optional()
    .describe('What models cost, by {provider}:{model}, in dollars per million tokens'),
  issuers: issuersRule().optional().describe('Whose tokens (JWT) are taken, each under a name for people'),
  policies: directoryRules.policies.optional(),
  tenants: directoryRules.tenants.optional(),
});

export type CatalogFile = z.output<typeof catalogFileSchema>;

/** Where secrets come from; undefined is not there. */
export interface SecretReader {
  env(name: string): string | undefined;
  file(path: string): string | undefined;
}

/** The text of `gateway.yaml` and where the secrets are that it names. */
export interface CatalogFileSource {
  /** For messages. */
  readonly path: string;
  readonly text: string;
  readonly secrets: SecretReader;
}

type Path = readonly (string | number)[];

/** Gives the text of a secret; '' where there is none, which is a problem at the path then. */
export type ReadSecret = (path: Path, source: SecretSource) => string;

type ParsedFile =
  | { readonly kind: 'unreadable'; readonly problems: readonly FileProblem[] }
  | {
      readonly kind: 'parsed';
      /** Undefined where there are problems. */
      readonly file: CatalogFile | undefined;
      /** As it was written. */
      readonly value: unknown;
      readonly problems: readonly FileProblem[];
      readonly lineOf: (path: Path) => number;
    };

/** Reads the YAML, and says everything in which it has another shape than the file should have. */
export function parseFile(text: string): ParsedFile {
  const yaml = readYaml(text);
  if (yaml.kind === 'faulty') return { kind: 'unreadable', problems: yaml.problems };
  const { lineOf, value } = yaml;
  const { data, error } = catalogFileSchema.safeParse(value);
  const found = [
    ...(error?.issues ?? []).flatMap((issue) => describeIssue(issue, [])),
    ...(isRecord(value) ? directoryProblems(value['policies'], value['tenants']) : []),
  ];
  const problems = found.map((problem) => ({ ...problem, line: lineOf(problem.path) }));
  return { kind: 'parsed', file: problems.length === 0 ? data : undefined, value, problems, lineOf };
}

export function createSecretReader(
  secrets: SecretReader,
  onMissing: (path: Path, message: string) => void,
): ReadSecret {
  return (path, source) => {
    const found = 'env' in source ? secrets.env(source.env)?.trim() : secrets.file(source.file)?.trim();
    if (found !== undefined && found !== '') return found;
    const message =
      'env' in source
        ? `the environment variable ${source.env} is not set. Set it, or remove this setting`
        : `the file ${source.file} is empty or cannot be read. Paths begin at the folder of this file`;
    onMissing(path, message);
    return '';
  };
}

export function byLine(problems: readonly FileProblem[]): FileProblem[] {
  return problems.toSorted((a, b) => a.line - b.line);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The JSON Schema of the file, for editors. */
export function catalogFileJsonSchema(): object {
  return z.toJSONSchema(catalogFileSchema, { io: 'input' });
}
