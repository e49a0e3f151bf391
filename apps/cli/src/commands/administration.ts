import { Option } from 'commander';
import type { Command } from 'commander';
import { CliError, exitCodes } from '../cli-error.ts';
import { printable } from '../cli.ts';
import type { Cli } from '../cli.ts';
import { createAdminClient } from '../http/admin-client.ts';
import { listAt, textAt } from '../json.ts';
import { card, field, show, table } from '../output.ts';
import type { Column, OutputOptions } from '../output.ts';
import { durationMs, jsonOption, tenantOption } from './options.ts';
import { tenantPath } from './tenant-scope.ts';

/** Adds `ccg self`, `ccg tokens`, `ccg apply` and `ccg log-level`. */
export function addAdministration(program: Command, cli: Cli): void {
  program
    .command('self')
    .description('show whose credential this is and what it may do')
    .addOption(jsonOption())
    .action(async (options: OutputOptions) => {
      const self = await createAdminClient(cli).get('/self');
      show(cli, options, self, () => card(selfColumns, self));
    });
  addTokens(program, cli);
  addApply(program, cli);
  addLogLevel(program, cli);
}

const selfColumns: readonly Column[] = [
  ['KIND', field('kind')],
  ['NAME', field('name')],
  ['TENANT', field('tenant')],
  ['USER', field('user')],
  ['API KEY', field('apiKeyId')],
  ['SCOPES', field('scopes')],
];

interface TokenOptions extends OutputOptions {
  readonly tenant?: string;
  readonly issuer: string;
  readonly id?: string;
  readonly subject?: string;
}

function addTokens(program: Command, cli: Cli): void {
  program
    .command('tokens')
    .description('tokens (JWT) of an identity provider')
    .command('revoke')
    .description('refuse one token, or all that a subject was given up to now, on every replica')
    .requiredOption('--issuer <url>', 'the issuer, as "iss" of the token has it')
    .option('--id <jti>', 'the id of one token ("jti"), not the token')
    .option('--subject <sub>', 'all tokens of this subject ("sub"); a new sign-in works again')
    .addOption(tenantOption())
    .addOption(jsonOption())
    .action(async ({ issuer, id, subject, tenant, ...options }: TokenOptions) => {
      if ((id === undefined) === (subject === undefined)) {
        throw new CliError('usage', 'Give either --id, for one token, or --subject, for all of a person.');
      }
      const client = createAdminClient(cli);
      const path = `${await tenantPath(client, tenant)}/tokens/revoke`;
      const revoked = await client.send('POST', path, { issuer, tokenId: id, subject });
      show(cli, options, revoked, () =>
        card(
          [
            ['USER', field('user')],
            ['REVOKED', field('revokedAt')],
          ],
          revoked,
        ),
      );
    });
}

interface ApplyOptions extends OutputOptions {
  readonly dryRun?: boolean;
  readonly prune?: boolean;
}

const changeColumns: readonly Column[] = [
  ['CHANGE', field('action')],
  ['KIND', field('kind')],
  ['TENANT', field('tenant')],
  ['ID', field('id')],
  ['NAME', field('name')],
  ['FIELDS', field('fields')],
];

function addApply(program: Command, cli: Cli): void {
  program
    .command('apply')
    .description('make the store what the gateway.yaml of the admin app says')
    .option('--dry-run', 'show the differences, change nothing, and exit with 2 if there are any, even beside problems')
    .option('--prune', 'also remove what the file has made and no longer names')
    .addOption(jsonOption())
    .action(async ({ dryRun = false, prune = false, ...options }: ApplyOptions) => {
      const result = await createAdminClient(cli).send('POST', '/apply', { dryRun, prune });
      const [changes, problems] = [listAt(result, 'changes'), listAt(result, 'problems')];
      show(cli, options, result, () => (changes.length === 0 ? '' : table(changeColumns, changes)));
      if (problems.length > 0) cli.setExitCode(exitCodes.refused);
      // Drift stays visible by the exit code, whatever else the file has.
      if (dryRun && changes.length > 0) cli.setExitCode(exitCodes.drift);
      if (options.json === true) return;
      cli.terminal.err(problems.map((problem) => `${printable(sayProblem(problem))}\n`).join(''));
      cli.terminal.err(`${conclusion(changes.length, problems.length, dryRun)}\n`);
    });
}

function sayProblem(problem: unknown): string {
  const [kind, tenant, id, message] = ['kind', 'tenant', 'id', 'message'].map((name) => textAt(problem, name) ?? '');
  return `${kind} ${id} of ${tenant}: ${message}`;
}

function conclusion(changes: number, problems: number, dryRun: boolean): string {
  if (changes + problems === 0) return 'The store is what gateway.yaml says.';
  const made = `${changes} ${changes === 1 ? 'change' : 'changes'} ${dryRun ? 'to make' : 'made'}`;
  if (problems > 0) return `${made}; what is named above is not possible. Correct gateway.yaml and apply again.`;
  return dryRun ? `${made}: \`ccg apply\` makes them.` : `${made}.`;
}

/** The server knows which levels there are, and says so. */
function addLogLevel(program: Command, cli: Cli): void {
  program
    .command('log-level')
    .description('set the level of the logs of every process for a while')
    .argument('<level>', 'such as debug')
    .addOption(
      new Option('--for <duration>', 'how long, such as 10m; 0 ends an earlier change')
        .argParser(durationMs)
        .default(600_000, '10m'),
    )
    .addOption(jsonOption())
    .action(async (level: string, { for: forMs, ...options }: OutputOptions & { readonly for: number }) => {
      const set = await createAdminClient(cli).send('PUT', '/log-level', { level, forSeconds: forMs / 1000 });
      show(cli, options, set, () =>
        card(
          [
            ['LEVEL', field('level')],
            ['UNTIL', field('until')],
          ],
          set,
        ),
      );
    });
}
