import { Option } from 'commander';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { printable } from '../cli.ts';
import type { Cli } from '../cli.ts';
import { createAdminClient, queryOf, segment } from '../http/admin-client.ts';
import type { AdminClient } from '../http/admin-client.ts';
import { jsonAt, listAt, textAt } from '../json.ts';
import { card, dollars, field, show, table, time } from '../output.ts';
import type { Column, OutputOptions } from '../output.ts';
import { countsOf, endedOf, waitText } from './batch-progress.ts';
import { jsonOption, tenantOrAllOption } from './options.ts';
import { watchBatch } from './watch-batch.ts';

interface BatchOptions extends OutputOptions {
  readonly tenant?: string;
  readonly status?: string;
  readonly yes?: boolean;
}

const columns: readonly Column[] = [
  ['BATCH', field('id')],
  ['TENANT', field('tenant')],
  ['USER', (item) => textAt(item, 'userName') ?? textAt(item, 'user')],
  ['API KEY', field('apiKey')],
  ['STATUS', field('status')],
  ['ITEMS', field('counts', 'total')],
  ['ENDED', (item) => endedOf(item)],
  ['ERRORED', field('counts', 'errored')],
  ['RUNNING', field('counts', 'running')],
  ['WAITS FOR', (item) => waitText(item)],
  ['CREATED', time('createdAt')],
  ['EXPIRES', time('expiresAt')],
  ['ESTIMATE', estimateOf],
  ['MODELS', (item) => listAt(item, 'models').map((one) => textAt(one, 'model') ?? '')],
];

const details: readonly Column[] = [
  ...columns,
  ['SUCCEEDED', field('counts', 'succeeded')],
  ['CANCELED', field('counts', 'canceled')],
];

/** Adds `ccg batches`. */
export function addBatches(program: Command, cli: Cli): void {
  const batches = program
    .command('batches')
    .description('message batches: how far they are, and how to stop one; with the scope "self" alone, your own');
  batches
    .command('list')
    .description('list batches, the newest first')
    .addOption(tenantOrAllOption())
    .addOption(
      new Option('--status <status>', 'those alone that are so').choices(['in_progress', 'canceling', 'ended']),
    )
    .addOption(jsonOption())
    .action(async ({ tenant, status, ...options }: BatchOptions) => {
      const list = await createAdminClient(cli).list('/batches', { tenant, status });
      show(cli, options, list, () => table(columns, list.items));
      if (list.items.length === 0) cli.terminal.err('There is no such batch.\n');
    });
  named(batches.command('watch'))
    .description('show how far a batch is until it has ended; Ctrl-C ends the watching alone')
    .action(async (id: string, { tenant }: BatchOptions) => {
      await watchBatch(cli, createAdminClient(cli), placeOf(id, tenant));
    });
  named(batches.command('cancel'))
    .description('cancel a batch: items that run get their results, the others none; asks first')
    .option('--yes', 'do not ask')
    .addOption(jsonOption())
    .action(async (id: string, { tenant, yes, ...options }: BatchOptions) => {
      const client = createAdminClient(cli);
      const place = placeOf(id, tenant);
      if (yes !== true) await confirm(cli, client, place);
      const canceled = await client.send('POST', `${place.path}/cancel${place.query}`);
      show(cli, options, canceled, () => card(details, canceled));
    });
}

function named(command: Command): Command {
  return command.argument('<id>', 'as `ccg batches list` shows it').addOption(tenantOrAllOption());
}

interface BatchPath {
  readonly path: string;
  /** With its question mark. */
  readonly query: string;
}

function placeOf(id: string, tenant: string | undefined): BatchPath {
  return { path: `/batches/${segment(id)}`, query: queryOf({ tenant }) };
}

/** A batch that is canceled cannot be taken up again. */
async function confirm({ terminal }: Cli, client: AdminClient, { path, query }: BatchPath): Promise<void> {
  const batch = await client.get(path + query);
  if (jsonAt(batch, 'status') !== 'in_progress') return;
  const { waiting, total } = countsOf(batch);
  const what = `the batch of the tenant ${printable(textAt(batch, 'tenant') ?? '')}`;
  const answer = terminal.ask(`Cancel ${what}? ${waiting} of its ${total} items get no result then. [y/N] `);
  if (answer === undefined) {
    throw new CliError(
      'usage',
      'A batch that is canceled cannot go on. Nobody can be asked here: add --yes to cancel it.',
    );
  }
  if (!/^y(?:es)?$/iu.test((await answer).trim())) throw new CliError('refused', 'The batch was not canceled.');
}

function estimateOf(item: unknown): unknown {
  const estimate = jsonAt(item, 'estimatedCostMicroDollars');
  return estimate === undefined ? undefined : dollars(estimate);
}
