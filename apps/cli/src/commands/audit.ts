import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { createAdminClient } from '../http/admin-client.ts';
import type { AdminClient } from '../http/admin-client.ts';
import { listAt, parseJson, textAt } from '../json.ts';
import { field, moreRows, table, time } from '../output.ts';
import type { Column } from '../output.ts';
import { tenantOption, wholeNumber } from './options.ts';
import { tenantPath } from './tenant-scope.ts';

interface AuditOptions {
  readonly tenant?: string;
  readonly operators?: boolean;
  readonly last: number;
  readonly jsonl?: boolean;
  readonly follow?: boolean;
}

const columns: readonly Column[] = [
  ['AT', time('at')],
  [
    'ACTOR',
    (entry) => textAt(entry, 'actor', 'name') ?? textAt(entry, 'actor', 'user') ?? textAt(entry, 'actor', 'id'),
  ],
  ['ACTION', field('action')],
  ['SUBJECT', field('subject', 'id')],
  ['OUTCOME', field('outcome')],
  ['REQUEST', field('requestId')],
  ['DETAILS', field('details')],
];

/** Adds `ccg audit`. */
export function addAudit(program: Command, cli: Cli): void {
  program
    .command('audit')
    .description('show the audit log: every change and every denial, oldest first')
    .addOption(tenantOption())
    .option('--operators', 'what operators were refused outside of a tenant')
    .option('--last <number>', 'so many of the newest entries', wholeNumber, 50)
    .option('--jsonl', 'export all entries as JSON lines, in the form of the API')
    .option('--follow', 'go on with new entries until Ctrl-C')
    .action(async (options: AuditOptions) => {
      const client = createAdminClient(cli);
      const path = options.operators === true ? '/audit' : `${await tenantPath(client, options.tenant)}/audit`;
      if (options.follow === true) return await follow(cli, client, path, options);
      if (options.jsonl === true) return await cli.terminal.outLines(client.lines(path));
      const newest: unknown[] = [];
      for await (const line of client.lines(path)) {
        newest.push(parseJson(line));
        if (newest.length > options.last) newest.shift();
      }
      cli.terminal.out(table(columns, newest));
    });
}

const pollIntervalMs = 2000;

/** Reads the log page by page, then its last page again and again: entries are only ever appended. */
async function follow(cli: Cli, client: AdminClient, path: string, { jsonl, last }: AuditOptions): Promise<never> {
  const newest: unknown[] = [];
  let isCaughtUp = false;
  let cursor: string | undefined;
  let seen = 0;
  for (;;) {
    const page = await client.get(path, { limit: '200', cursor });
    const items = listAt(page, 'items');
    const fresh = items.slice(seen);
    const next = textAt(page, 'nextCursor');
    seen = next === undefined ? items.length : 0;
    cursor = next ?? cursor;
    if (jsonl === true) cli.terminal.out(fresh.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    else if (isCaughtUp) cli.terminal.out(moreRows(columns, fresh));
    else newest.push(...fresh);
    if (next !== undefined) continue;
    if (!isCaughtUp && jsonl !== true) cli.terminal.out(table(columns, newest.splice(0).slice(-last)));
    isCaughtUp = true;
    await cli.wait(pollIntervalMs);
  }
}
