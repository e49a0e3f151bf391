import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../cli.ts';
import { createAdminClient, segment } from '../http/admin-client.ts';
import { jsonAt, textAt } from '../json.ts';
import { allowlistOf, card, field, show, table, time } from '../output.ts';
import type { Column, OutputOptions } from '../output.ts';
import { digestApiKeys } from './digest-api-keys.ts';
import {
  allowlistFrom,
  allowlistOptions,
  durationMs,
  idempotencyOption,
  jsonOption,
  momentOption,
  policiesOption,
  tenantOption,
  textFrom,
  wordsOption,
} from './options.ts';
import type { AllowlistOptions } from './options.ts';
import { apiKeyScope, userId } from './tenant-scope.ts';
import type { ApiKeyScope } from './tenant-scope.ts';

interface KeyOptions extends OutputOptions, AllowlistOptions {
  readonly tenant?: string;
  readonly own?: boolean;
  readonly user?: string;
  readonly scopes?: readonly string[];
  /** An ISO time. */
  readonly expires?: string;
  readonly overlap?: number;
  readonly digest?: string;
  readonly idempotencyKey?: string;
}

const columns: readonly Column[] = [
  ['API KEY', field('id')],
  ['NAME', field('name')],
  ['OWNER', (item) => textAt(item, 'owner', 'id') ?? textAt(item, 'owner', 'kind')],
  ['STATE', field('state')],
  ['TEXT', field('hint')],
  ['SCOPES', field('scopes')],
  ['MODELS', allowlistOf],
  ['LAST USED', time('lastUsedAt')],
  ['EXPIRES', time('expiresAt')],
];

const details: readonly Column[] = [
  ...columns,
  ['POLICIES', field('policies')],
  ['CREATED', time('createdAt')],
  ['REVOKED', time('revokedAt')],
  ['SUCCESSOR', field('successor')],
  ['OWNED BY', field('origin')],
];

/** People know the names of users; the API keys have their ids. */
function withOwnerNames(users: readonly unknown[]): readonly Column[] {
  const names = new Map(users.map((user) => [textAt(user, 'id'), textAt(user, 'name')]));
  return columns.map((column) => {
    const [heading, read] = column;
    return heading === 'OWNER' ? [heading, (item) => names.get(textAt(item, 'owner', 'id')) ?? read(item)] : column;
  });
}

/** Adds `ccg keys`: of a tenant for its administrators, and their own for developers. */
export function addKeys(program: Command, cli: Cli): void {
  const keys = program.command('keys').description('API keys; with the scope "self" alone, your own');
  addCreate(keys, cli);
  scoped(keys.command('list').description('list API keys'))
    .option('--user <user>', 'those of one user, by id or name')
    .action(async (options: KeyOptions) => {
      const client = createAdminClient(cli);
      const scope = await apiKeyScope(client, { ...options, needs: 'read' });
      const list = await client.list(scope.path, { user: await ownerOf(client, scope, options.user) });
      if (options.json === true || scope.tenant === undefined) {
        show(cli, options, list, () => table(columns, list.items));
        return;
      }
      const { items: users } = await client.list(`${scope.tenant}/users`);
      cli.terminal.out(table(withOwnerNames(users), list.items));
    });
  scoped(keys.command('show').description('show an API key, not its text').argument('<id>')).action(
    async (id: string, options: KeyOptions) => {
      const client = createAdminClient(cli);
      const { path } = await apiKeyScope(client, { ...options, needs: 'read' });
      const apiKey = await client.get(`${path}/${segment(id)}`);
      show(cli, options, apiKey, () => card(details, apiKey));
    },
  );
  addRotate(keys, cli);
  scoped(keys.command('revoke').description('refuse an API key on every replica, for good').argument('<id>')).action(
    async (id: string, options: KeyOptions) => {
      const client = createAdminClient(cli);
      const { path } = await apiKeyScope(client, { ...options, needs: 'write' });
      const apiKey = await client.send('POST', `${path}/${segment(id)}/revoke`);
      show(cli, options, apiKey, () => card(details, apiKey));
    },
  );
  addImport(keys, cli);
  keys
    .command('digest')
    .description(
      'print the digests of API keys for gateway.yaml, under KEY_PEPPER and KEY_PEPPER_PREVIOUS; reads the API keys from the input, one a line',
    )
    .option('--file <path>', 'read them from a file')
    .action(async ({ file }: { readonly file?: string }) => {
      await digestApiKeys(cli, file);
    });
}

/** With the options that every command on API keys has. */
function scoped(command: Command): Command {
  return command
    .addOption(tenantOption())
    .option('--own', 'your own API keys, even if you may administer the tenant')
    .addOption(jsonOption());
}

const settingOptions = () => [
  wordsOption('--scopes <scopes>', 'what it may do; "messages,self" unless given'),
  ...allowlistOptions(),
  policiesOption(),
];

const expiresOption = ({ nowMs }: Cli) => momentOption('--expires <when>', 'a duration such as 90d, or a date', nowMs);

function addCreate(keys: Command, cli: Cli): void {
  const create = scoped(keys.command('create').description('create an API key; prints its text, once'))
    .argument('<name>', 'what it is for', textFrom)
    .option('--user <user>', 'the user it belongs to, by id or name; left out, a service')
    .addOption(expiresOption(cli));
  for (const option of [...settingOptions(), idempotencyOption()]) create.addOption(option);
  create.action(async (name: string, options: KeyOptions) => {
    const client = createAdminClient(cli);
    const scope = await apiKeyScope(client, { ...options, needs: 'write' });
    const body = await settingsFrom(client, scope, name, options);
    const issued = await withExpiryHint(options, () => client.send('POST', scope.path, body, options));
    showIssued(cli, options, issued);
  });
}

function addRotate(keys: Command, cli: Cli): void {
  scoped(
    keys.command('rotate').description('replace an API key by a new one with the same settings; prints its text, once'),
  )
    .argument('<id>')
    .option('--overlap <duration>', 'how long the old one goes on working, 0 to 30d; 24h unless given', durationMs)
    .addOption(momentOption('--expires <when>', 'the end of the new one; that of the old one unless given', cli.nowMs))
    .addOption(idempotencyOption())
    .action(async (id: string, options: KeyOptions) => {
      const client = createAdminClient(cli);
      const { path } = await apiKeyScope(client, { ...options, needs: 'write' });
      const { overlap, expires } = options;
      const body = {
        overlapSeconds: overlap === undefined ? undefined : overlap / 1000,
        expiresAt: expires,
      };
      const rotate = `${path}/${segment(id)}/rotate`;
      showIssued(cli, options, await withExpiryHint(options, () => client.send('POST', rotate, body, options)));
    });
}

function addImport(keys: Command, cli: Cli): void {
  const command = keys
    .command('import')
    .description('store an API key that exists already, by its digest')
    .argument('<name>', 'what it is for', textFrom)
    .requiredOption('--digest <digests>', 'what `ccg keys digest` prints of it')
    .option('--user <user>', 'the user it belongs to, by id or name; left out, a service')
    .addOption(expiresOption(cli))
    .addOption(tenantOption())
    .addOption(jsonOption());
  for (const option of [...settingOptions(), idempotencyOption()]) command.addOption(option);
  command.action(async (name: string, options: KeyOptions) => {
    const client = createAdminClient(cli);
    // A developer has no import: the refusal of the server says so.
    const scope = await apiKeyScope(client, { tenant: options.tenant, needs: 'write' });
    const body = { ...(await settingsFrom(client, scope, name, options)), digest: options.digest };
    const stored = await client.send('POST', `${scope.path}/import`, body, options);
    show(cli, options, stored, () =>
      card(
        [
          ['API KEY', field('id')],
          ['OUTCOME', field('outcome')],
        ],
        stored,
      ),
    );
  });
}

type Client = ReturnType<typeof createAdminClient>;

/** A token, or an API key that expires, makes nothing that lasts longer; who gave no end is told how. */
async function withExpiryHint<Answer>({ expires }: KeyOptions, send: () => Promise<Answer>): Promise<Answer> {
  try {
    return await send();
  } catch (thrown) {
    const isTooLate = thrown instanceof CliError && thrown.details.some((line) => line.startsWith('expiresAt: '));
    if (!isTooLate || expires !== undefined) throw thrown;
    const hint = 'Add --expires, with a duration such as 30m or 7d, or a time such as 2027-01-31T12:00:00Z.';
    throw new CliError(thrown.kind, thrown.message, [...thrown.details, hint]);
  }
}

async function settingsFrom(client: Client, scope: ApiKeyScope, name: string, options: KeyOptions) {
  const { scopes, policies, expires, user } = options;
  const id = await ownerOf(client, scope, user);
  return {
    name,
    ...(id === undefined ? {} : { owner: { kind: 'user', id } }),
    scopes,
    allowlist: allowlistFrom(options),
    policies,
    expiresAt: expires,
  };
}

async function ownerOf(client: Client, { tenant }: ApiKeyScope, user: string | undefined): Promise<string | undefined> {
  if (user === undefined) return undefined;
  if (tenant === undefined) throw new CliError('usage', 'Your own API keys belong to you. Leave out --user.');
  return await userId(client, tenant, user);
}

/** The text of the API key alone goes to stdout, so that `KEY=$(ccg keys create …)` works. */
function showIssued(cli: Cli, { json }: OutputOptions, issued: unknown): void {
  const apiKey = textAt(issued, 'apiKey');
  const record = jsonAt(issued, 'record');
  const id = textAt(record, 'id') ?? '';
  if (apiKey === undefined) {
    if (json === true) show(cli, { json }, issued, () => '');
    throw new CliError(
      'refused',
      `The API key ${id} was created before with this idempotency key, and shown then alone.`,
      ['If its text is lost, rotate it: ccg keys rotate ID'],
    );
  }
  show(cli, { json }, issued, () => `${apiKey}\n`);
  if (json === true) return;
  cli.terminal.err(
    `${card(details, record)}This is the only time that its text is shown: keep it, such as in a file with mode 0600.\n` +
      'To set up Claude Code with it: CCG_TOKEN_FILE=FILE ccg setup --write\n',
  );
}
