import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { createAdminClient, segment } from '../http/admin-client.ts';
import { jsonAt } from '../json.ts';
import { allowlistOf, card, field, show, table, time } from '../output.ts';
import type { Column, OutputOptions } from '../output.ts';
import {
  allowlistFrom,
  allowlistOptions,
  idempotencyOption,
  jsonOption,
  nameOption,
  orNull,
  policiesOption,
  sharingOptions,
  tenantOption,
  textFrom,
} from './options.ts';
import type { AllowlistOptions } from './options.ts';
import { tenantPath, userId } from './tenant-scope.ts';

interface UserOptions extends OutputOptions, AllowlistOptions {
  readonly tenant?: string;
  readonly name?: string;
  readonly group?: string;
  readonly waitingWeight?: number;
  readonly idempotencyKey?: string;
  /** False: `--no-allowlist`. */
  readonly allowlist?: boolean;
}

const columns: readonly Column[] = [
  ['USER', field('id')],
  ['NAME', field('name')],
  ['STATE', field('state')],
  ['MODELS', allowlistOf],
  ['POLICIES', field('policies')],
  ['GROUP', (item) => jsonAt(item, 'group') ?? jsonAt(item, 'identity', 'group')],
  ['ISSUER', field('identity', 'issuer')],
  ['CREATED', time('createdAt')],
];

const details: readonly Column[] = [
  ...columns,
  ['WAITING WEIGHT', field('waitingWeight')],
  ['OWNED BY', field('origin')],
];

/** Adds `ccg users`. */
export function addUsers(program: Command, cli: Cli): void {
  const users = program.command('users').description('the developers of a tenant');
  users
    .command('list')
    .description('list the users of a tenant')
    .addOption(tenantOption())
    .addOption(jsonOption())
    .action(async (options: UserOptions) => {
      const client = createAdminClient(cli);
      const list = await client.list(`${await tenantPath(client, options.tenant)}/users`);
      show(cli, options, list, () => table(columns, list.items));
    });
  addCreate(users, cli);
  addUpdate(users, cli);
  for (const [verb, what] of [
    ['show', 'show a user'],
    ['suspend', 'stop every credential of a user, on all replicas'],
    ['resume', 'let a suspended user go on'],
  ] as const) {
    users
      .command(verb)
      .description(what)
      .argument('<user>', 'id or name')
      .addOption(tenantOption())
      .addOption(jsonOption())
      .action(async (named: string, options: UserOptions) => {
        const client = createAdminClient(cli);
        const tenant = await tenantPath(client, options.tenant);
        const path = `${tenant}/users/${segment(await userId(client, tenant, named))}`;
        const user = verb === 'show' ? await client.get(path) : await client.send('POST', `${path}/${verb}`);
        show(cli, options, user, () => card(details, user));
      });
  }
}

function addCreate(users: Command, cli: Cli): void {
  const create = users
    .command('create')
    .description('create a user')
    .argument('<name>', 'the name for people', textFrom);
  const options = [...allowlistOptions(), policiesOption(), ...sharingOptions(), tenantOption()];
  for (const option of [...options, idempotencyOption(), jsonOption()]) create.addOption(option);
  create.action(async (name: string, options: UserOptions) => {
    const { policies, group, waitingWeight } = options;
    const client = createAdminClient(cli);
    const path = `${await tenantPath(client, options.tenant)}/users`;
    const body = {
      name,
      allowlist: allowlistFrom(options),
      policies,
      group: orNull(group) ?? undefined,
      waitingWeight,
    };
    const user = await client.send('POST', path, body, options);
    show(cli, options, user, () => card(details, user));
  });
}

function addUpdate(users: Command, cli: Cli): void {
  const update = users
    .command('update')
    .description('change a user; what is left out stays, a given allowlist replaces the old one')
    .argument('<user>', 'id or name')
    .addOption(nameOption())
    .option('--no-allowlist', 'remove the allowlist of the user: that of the tenant counts alone');
  for (const option of [...allowlistOptions(), policiesOption(), ...sharingOptions(), tenantOption(), jsonOption()])
    update.addOption(option);
  update.action(async (named: string, options: UserOptions) => {
    const client = createAdminClient(cli);
    const tenant = await tenantPath(client, options.tenant);
    const path = `${tenant}/users/${segment(await userId(client, tenant, named))}`;
    const allowlist = options.allowlist === false ? null : allowlistFrom(options);
    const { name, policies, waitingWeight } = options;
    const body = { name, allowlist, policies, group: orNull(options.group), waitingWeight };
    const user = await client.send('PATCH', path, body);
    show(cli, options, user, () => card(details, user));
  });
}
