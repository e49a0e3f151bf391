import { describeRoutes } from '@ccg/catalog';
import type { IssuerSettings } from '@ccg/catalog';
import type { Environment } from './environment.ts';
import { catalogFileVariable, readCatalog } from './read-catalog.ts';
import { describeProblems } from './start-error.ts';

export interface CheckedConfig {
  readonly exitCode: 0 | 1;
  readonly text: string;
}

/**
 * What a start would make of a file of providers and models in this environment: the table that they give, or all that is
 * wrong. Shows no secret and calls nobody.
 */
export function checkConfig(file: string | undefined, env: Environment): CheckedConfig {
  if (file === undefined) return { exitCode: 1, text: 'Name the file: npm run config:check -- FILE' };
  const read = readCatalog({ ...env, [catalogFileVariable]: file });
  if (read.kind === 'faulty') {
    return { exitCode: 1, text: describeProblems(read.problems) };
  }
  const { catalog, issuers, notices, warnings } = read;
  const providers = [...catalog.providers.values()].map(({ name, dialect, baseUrl, credential, headers = [] }) => [
    name,
    dialect,
    baseUrl,
    credential === undefined ? 'no credential' : 'with credential',
    headers.length === 0 ? '' : `headers: ${headers.map(([header]) => header).join(', ')}`,
  ]);
  const models = Object.entries(describeRoutes(catalog));
  const lines = [
    ...notices,
    ...warnings.map((warning) => `Warning: ${warning}`),
    '',
    'Providers',
    ...columns(providers),
    '',
    'Models',
    ...columns(models.map(([names, target]) => [names, '→', target])),
    ...describeIssuers(issuers),
  ];
  return { exitCode: 0, text: lines.join('\n') };
}

function describeIssuers(issuers: readonly IssuerSettings[]): readonly string[] {
  if (issuers.length === 0) return [];
  const rows = issuers.map(({ name, issuer, tenants, scopes }) => [
    name,
    issuer,
    `tenants: ${tenants.join(', ')}`,
    `scopes: ${scopes.join(', ')}`,
  ]);
  return ['', 'Issuers of tokens', ...columns(rows)];
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const [first = []] = rows;
  const widths = first.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}
