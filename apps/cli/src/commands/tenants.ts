import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { createAdminClient, segment } from '../http/admin-client.ts';
import { allowlistOf, card, field, limitsOf, show, table, time } from '../output.ts';
import type { Column, OutputOptions } from '../output.ts';
import {
  allowlistFrom,
  allowlistOptions,
  idempotencyOption,
  jsonOption,
  limitsOption,
  neededAllowlist,
  nameOption,
  orNull,
  placeOptions,
  policiesOption,
  rateOption,
} from './options.ts';
import type { AllowlistOptions } from './options.ts';
import { tenantPath } from './tenant-scope.ts';

interface TenantOptions extends OutputOptions, AllowlistOptions {
  readonly name?: string;
  readonly requestsPerMinute?: number | 'default';
  readonly limits?: readonly unknown[] | 'default';
  readonly timeZone?: string;
  readonly contact?: string;
  readonly waitingWeight?: number;
  readonly idempotencyKey?: string;
}

const columns: readonly Column[] = [
  ['TENANT', field('id')],
  ['NAME', field('name')],
  ['STATE', field('state')],
  ['MODELS', allowlistOf],
  ['POLICIES', field('policies')],
  ['LIMITS', limitsOf],
  ['CREATED', time('createdAt')],
];

const details: readonly Column[] = [
  ...columns,
  ['TIME ZONE', field('timeZone')],
  ['CONTACT', field('contact')],
  ['WAITING WEIGHT', field('waitingWeight')],
  ['OWNED BY', field('origin')],
];

/** Adds `ccg tenants`. */
export function addTenants(program: Command, cli: Cli): void {
  const tenants = program.command('tenants').description('teams with their own users, API keys and limits');
  tenants
    .command('list')
    .description('list all tenants (for operators)')
    .addOption(jsonOption())
    .action(async (options: OutputOptions) => {
      const list = await createAdminClient(cli).list('/tenants');
      show(cli, options, list, () => table(columns, list.items));
    });
  addCreate(tenants, cli);
  tenants
    .command('show')
    .description('show a tenant')
    .argument('[tenant]', 'its id; left out, your own or the only one')
    .addOption(jsonOption())
    .action(async (id: string | undefined, options: OutputOptions) => {
      const client = createAdminClient(cli);
      const tenant = await client.get(await tenantPath(client, id));
      show(cli, options, tenant, () => card(details, tenant));
    });
  addUpdate(tenants, cli);
  for (const [verb, what] of [
    ['suspend', 'stop every credential of a tenant, on all replicas'],
    ['resume', 'let a suspended tenant go on'],
  ] as const) {
    tenants
      .command(verb)
      .description(what)
      .argument('<tenant>', 'its id')
      .addOption(jsonOption())
      .action(async (id: string, options: OutputOptions) => {
        const tenant = await createAdminClient(cli).send('POST', `/tenants/${segment(id)}/${verb}`);
        show(cli, options, tenant, () => card(details, tenant));
      });
  }
}

function addCreate(tenants: Command, cli: Cli): void {
  const create = tenants
    .command('create')
    .description('create a tenant; --models or --targets is required, "*" allows everything')
    .argument('<tenant>', 'its id: up to 63 of a-z, 0-9, "-" and "_"')
    .addOption(nameOption());
  const settings = [...allowlistOptions(), rateOption(), limitsOption(), ...placeOptions()];
  for (const option of [...settings, idempotencyOption(), jsonOption()]) create.addOption(option);
  create.action(async (id: string, options: TenantOptions) => {
    const { name = id, timeZone, contact, waitingWeight } = options;
    // A new tenant has the gateway's limit unless one is given.
    const limits = limitsFrom(options) ?? undefined;
    const place = { timeZone: orNull(timeZone) ?? undefined, contact: orNull(contact) ?? undefined };
    const body = { id, name, allowlist: neededAllowlist(options), limits, ...place, waitingWeight };
    const tenant = await createAdminClient(cli).send('POST', '/tenants', body, options);
    show(cli, options, tenant, () => card(details, tenant));
  });
}

function addUpdate(tenants: Command, cli: Cli): void {
  const update = tenants
    .command('update')
    .description('change a tenant; what is left out stays, a given allowlist replaces the old one')
    .argument('[tenant]', 'its id; left out, your own or the only one')
    .addOption(nameOption());
  const settings = [...allowlistOptions(), policiesOption(), rateOption(), limitsOption(), ...placeOptions()];
  for (const option of [...settings, jsonOption()]) update.addOption(option);
  update.action(async (id: string | undefined, options: TenantOptions) => {
    const client = createAdminClient(cli);
    const { name, policies, waitingWeight } = options;
    const place = { timeZone: orNull(options.timeZone), contact: orNull(options.contact), waitingWeight };
    const body = { name, allowlist: allowlistFrom(options), policies, limits: limitsFrom(options), ...place };
    const tenant = await client.send('PATCH', await tenantPath(client, id), body);
    show(cli, options, tenant, () => card(details, tenant));
  });
}

/** The limits as the API takes them: null for the gateway's, undefined where nothing was said. */
function limitsFrom({ limits, requestsPerMinute }: TenantOptions): unknown {
  if (limits !== undefined && requestsPerMinute !== undefined) {
    throw new CliError('usage', 'Give --limits or --requests-per-minute, not both.');
  }
  if (limits === 'default' || requestsPerMinute === 'default') return null;
  return requestsPerMinute === undefined ? limits : { requestsPerMinute };
}
