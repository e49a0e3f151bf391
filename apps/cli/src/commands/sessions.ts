import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { createAdminClient } from '../http/admin-client.ts';
import { jsonAt, listAt, textAt } from '../json.ts';
import { card, dollars, field, show, table, time } from '../output.ts';
import type { Column, OutputOptions } from '../output.ts';
import { idempotencyOption, jsonOption, tenantOption } from './options.ts';
import { tenantPath, userId } from './tenant-scope.ts';

interface SessionOptions extends OutputOptions {
  readonly tenant?: string;
  readonly user?: string;
  readonly apiKey?: string;
  readonly idempotencyKey?: string;
}

const columns: readonly Column[] = [
  ['SESSION', field('session')],
  ['STATE', field('state')],
  ['USER', (item) => textAt(item, 'userName') ?? textAt(item, 'user')],
  ['API KEY', field('apiKey')],
  ['STARTED', time('startedAt')],
  ['LAST SEEN', time('lastSeenAt')],
  ['RUNNING', field('running')],
  ['WAITING', field('waiting')],
  ['REQUESTS', field('requests')],
  ['INPUT', field('inputTokens')],
  ['CACHE READ', field('cacheReadTokens')],
  ['CACHE WRITE', field('cacheWriteTokens')],
  ['OUTPUT', field('outputTokens')],
  ['COST', (item) => dollars(jsonAt(item, 'costMicroDollars'))],
];

/** Adds `ccg sessions`. */
export function addSessions(program: Command, cli: Cli): void {
  const sessions = program
    .command('sessions')
    .description('sessions of Claude Code: who works now, and how to stop it');
  sessions
    .command('list')
    .description('list the sessions that run or wait now, or ran in the last day')
    .addOption(tenantOption())
    .addOption(jsonOption())
    .action(async (options: SessionOptions) => {
      const client = createAdminClient(cli);
      const list = await client.list(`${await tenantPath(client, options.tenant)}/sessions`);
      show(cli, options, list, () => table(columns, list.items));
      if (list.items.length === 0)
        cli.terminal.err(
          'No session has run in the last day. Those of Claude Code are listed: other clients name none.\n',
        );
    });
  for (const [verb, what] of [
    ['kill', 'end its requests that run or wait on all replicas, and refuse later ones for 30 days'],
    ['resume', 'let a killed session go on'],
  ] as const) {
    sessions
      .command(verb)
      .description(what)
      .argument('<session>', 'its id, as `ccg sessions list` shows it')
      .option('--user <user>', 'that of this user alone, by id or name; left out, whoever has one of that id')
      .option('--api-key <id>', 'that of the service with this API key alone')
      .addOption(tenantOption())
      .addOption(idempotencyOption())
      .addOption(jsonOption())
      .action(async (session: string, options: SessionOptions) => {
        const client = createAdminClient(cli);
        const tenant = await tenantPath(client, options.tenant);
        const user = options.user === undefined ? undefined : await userId(client, tenant, options.user);
        const body = { session, user, apiKey: options.apiKey };
        const ended = await client.send('POST', `${tenant}/sessions/${verb}`, body, options);
        show(cli, options, ended, () => card(result, ended));
      });
  }
}

const result: readonly Column[] = [
  ['SESSION', field('session')],
  ['OF', (item) => listAt(item, 'callers').map((caller) => textAt(caller, 'user') ?? textAt(caller, 'apiKey') ?? '')],
];
