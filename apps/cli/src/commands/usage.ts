import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../cli.ts';
import { createAdminClient, queryOf } from '../http/admin-client.ts';
import type { AdminClient } from '../http/admin-client.ts';
import { jsonAt, parseJson, textAt } from '../json.ts';
import { dollars, field, table } from '../output.ts';
import type { Column } from '../output.ts';
import { pastDayOption, tenantOrAllOption, wordsOption } from './options.ts';
import { userId } from './tenant-scope.ts';

interface UsageOptions {
  readonly tenant?: string;
  readonly since?: string;
  readonly until?: string;
  readonly by?: readonly string[];
  readonly user?: string;
  readonly apiKey?: string;
  readonly model?: string;
  readonly session?: string;
  readonly csv?: boolean;
  readonly json?: boolean;
}

const columnsHelp = `
Columns: REQUESTS for an answer, COUNT_TOKENS that only count the tokens of a prompt (/v1/messages/count_tokens) and cost
nothing, FAILED of both together, without those that their client broke off; then tokens: INPUT from no cache, CACHE READ,
CACHE WRITE and OUTPUT; and the COST of all.`;

/** Adds `ccg usage`. */
export function addUsage(program: Command, cli: Cli): void {
  program
    .command('usage')
    .description('show what was used: requests, tokens and money; days are those of UTC')
    .addHelpText('after', columnsHelp)
    .addOption(pastDayOption('--since <when>', 'from when on, such as 30d or 2026-11-01; 7d unless given', cli.nowMs))
    .addOption(pastDayOption('--until <when>', 'the last day; today unless given', cli.nowMs))
    .addOption(wordsOption('--by <list>', 'what it is split by: day, user, api-key, model, session; day unless given'))
    .option('--user <user>', 'of this user alone, by id or name')
    .option('--api-key <id>', 'of this API key alone')
    .option('--model <name>', 'of this model alone, such as anthropic:claude-opus-4-6')
    .option('--session <id>', 'of this session alone')
    .addOption(tenantOrAllOption())
    .option('--csv', 'print CSV, for a spreadsheet')
    .option('--json', 'print JSON lines, in the form of the API')
    .action(async (options: UsageOptions) => {
      if (options.csv === true && options.json === true) throw new CliError('usage', 'Give --csv or --json, not both.');
      const client = createAdminClient(cli);
      const by = options.by ?? ['day'];
      const path = `/usage${queryOf({
        tenant: options.tenant,
        from: options.since,
        to: options.until,
        by: by.length === 0 ? undefined : by.join(','),
        user: await idOfUser(client, options),
        apiKey: options.apiKey,
        model: options.model,
        session: options.session,
        format: options.csv === true ? 'csv' : 'jsonl',
      })}`;
      if (options.csv === true || options.json === true) return await cli.terminal.outLines(client.lines(path));
      const rows: unknown[] = [];
      for await (const line of client.lines(path)) rows.push(parseJson(line));
      cli.terminal.out(usageTable(by, rows));
      if (rows.length === 0) cli.terminal.err('Nothing was used in that time, or it is not counted yet.\n');
    });
}

/** A name is looked up where there is one tenant to look in. */
async function idOfUser(client: AdminClient, { user, tenant }: UsageOptions): Promise<string | undefined> {
  if (user === undefined || user.startsWith('usr_')) return user;
  const named = tenant ?? textAt(await client.get('/self'), 'tenant');
  if (named === undefined)
    throw new CliError('usage', 'Name the tenant of the user with --tenant, or give the id of the user.');
  return await userId(client, `/tenants/${encodeURIComponent(named)}`, user);
}

const splits: Readonly<Record<string, Column>> = {
  day: ['DAY', field('day')],
  user: ['USER', (row) => textAt(row, 'userName') ?? textAt(row, 'user')],
  'api-key': ['API KEY', field('apiKey')],
  model: ['MODEL', field('model')],
  session: ['SESSION', field('session')],
};

const counted: readonly Column[] = [
  ['REQUESTS', field('requests')],
  ['COUNT_TOKENS', field('countRequests')],
  ['FAILED', field('failed')],
  ['INPUT', field('inputTokens')],
  ['CACHE READ', field('cacheReadTokens')],
  ['CACHE WRITE', field('cacheWriteTokens')],
  ['OUTPUT', field('outputTokens')],
  ['COST', (row) => dollars(jsonAt(row, 'costMicroDollars'))],
];

function usageTable(by: readonly string[], rows: readonly unknown[]): string {
  const tenants = new Set(rows.map((row) => textAt(row, 'tenant')));
  const split = by.flatMap((name) => {
    const column = splits[name];
    return column === undefined ? [] : [named(column)];
  });
  const first: readonly Column[] = tenants.size > 1 ? [['TENANT', field('tenant')], ...split] : split;
  const columns = [...first, ...counted];
  if (first.length === 0 || rows.length < 2) return table(columns, rows);
  return table([marked(first), ...columns.slice(1)], [...rows, total(rows)]);
}

/** What had no row of its own stands in one without names. */
function named([heading, read]: Column): Column {
  return [heading, (row) => read(row) ?? (jsonAt(row, 'other') === true && heading !== 'DAY' ? '(other)' : undefined)];
}

function marked([[heading, read] = ['', () => undefined]]: readonly Column[]): Column {
  return [heading, (row) => (jsonAt(row, 'isTotal') === true ? 'total' : read(row))];
}

const sums = [
  'requests',
  'countRequests',
  'failed',
  'inputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'outputTokens',
  'costMicroDollars',
] as const;

function total(rows: readonly unknown[]): unknown {
  const sumOf = (name: string) => rows.reduce<number>((sum, row) => sum + Number(jsonAt(row, name) ?? 0), 0);
  return { isTotal: true, ...Object.fromEntries(sums.map((name) => [name, sumOf(name)])) };
}
