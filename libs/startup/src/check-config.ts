import { describeRoutes, unpricedTargets } from '@ccg/catalog';
import type { IssuerSettings, TenantSettings } from '@ccg/catalog';
import type { Environment } from './environment.ts';
import { catalogFileVariable, readCatalog, readDirectory } from './read-catalog.ts';
import { describeProblems } from './start-error.ts';

export interface CheckedConfig {
  readonly exitCode: 0 | 1;
  readonly text: string;
}

/**
 * What starts of the gateway and of the admin API would make of a file in this environment, that of GATEWAY_CONFIG unless
 * another is named: the tables that they give, or all that is wrong. Shows no secret and calls nobody.
 */
export function checkConfig(file: string | undefined, env: Environment): CheckedConfig {
  const variables = file === undefined ? env : { ...env, [catalogFileVariable]: file };
  const [read, access] = [readCatalog(variables), readDirectory(variables)];
  if (read.kind === 'faulty' || access.kind === 'faulty') {
    const found = [read, access].flatMap((one) => (one.kind === 'faulty' ? one.problems : []));
    return { exitCode: 1, text: describeProblems([...new Set(found)]) };
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
    ...describeUnpriced(unpricedTargets(catalog)),
    ...describeIssuers(issuers),
    ...describeTenants(access.directory.tenants),
  ];
  return { exitCode: 0, text: lines.join('\n') };
}

function describeUnpriced(targets: readonly string[]): readonly string[] {
  if (targets.length === 0) return [];
  return ['', 'Without a price, so at the highest of all prices', ...targets.map((target) => `  ${target}`)];
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

function describeTenants(tenants: readonly TenantSettings[]): readonly string[] {
  if (tenants.length === 0) return [];
  const rows = tenants.map(({ id, name, allowlist: { models, targets }, users, apiKeys }) => [
    id,
    name,
    ...(models === undefined ? [''] : [`models: ${models.join(', ')}`]),
    ...(targets === undefined ? [''] : [`targets: ${targets.join(', ')}`]),
    `users: ${users.length}`,
    `API keys: ${apiKeys.length}`,
  ]);
  return ['', 'Tenants', ...columns(rows)];
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const [first = []] = rows;
  const widths = first.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}
