import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { createAdminClient, segment } from '../http/admin-client.ts';
import { allowlistOf, card, field, show, table, time } from '../output.ts';
import type { Column, OutputOptions } from '../output.ts';
import { allowlistOptions, jsonOption, neededAllowlist, tenantOption } from './options.ts';
import type { AllowlistOptions } from './options.ts';
import { tenantPath } from './tenant-scope.ts';

interface PolicyOptions extends OutputOptions, AllowlistOptions {
  readonly tenant?: string;
}

const columns: readonly Column[] = [
  ['POLICY', field('name')],
  ['MODELS', allowlistOf],
  ['CREATED', time('createdAt')],
];

const details: readonly Column[] = [...columns, ['OWNED BY', field('origin')]];

/** Adds `ccg policies`. */
export function addPolicies(program: Command, cli: Cli): void {
  const policies = program.command('policies').description('named allowlists that tenants, users and API keys share');
  policies
    .command('list')
    .description('list the policies of a tenant')
    .addOption(tenantOption())
    .addOption(jsonOption())
    .action(async (options: PolicyOptions) => {
      const client = createAdminClient(cli);
      const list = await client.list(`${await tenantPath(client, options.tenant)}/policies`);
      show(cli, options, list, () => table(columns, list.items));
    });
  const put = policies
    .command('put')
    .description('create or replace a policy; --models or --targets is required')
    .argument('<name>', 'its name: up to 63 of a-z, 0-9, "-" and "_"');
  for (const option of [...allowlistOptions(), tenantOption(), jsonOption()]) put.addOption(option);
  put.action(async (name: string, options: PolicyOptions) => {
    const client = createAdminClient(cli);
    const path = `${await tenantPath(client, options.tenant)}/policies/${segment(name)}`;
    const policy = await client.send('PUT', path, { allowlist: neededAllowlist(options) });
    show(cli, options, policy, () => card(details, policy));
  });
  policies
    .command('remove')
    .description('remove a policy; what still names it then allows nothing')
    .argument('<name>')
    .addOption(tenantOption())
    .action(async (name: string, options: PolicyOptions) => {
      const client = createAdminClient(cli);
      await client.send('DELETE', `${await tenantPath(client, options.tenant)}/policies/${segment(name)}`);
      cli.terminal.err(`The policy ${name} is removed.\n`);
    });
}
