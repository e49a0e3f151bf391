import { CliError } from '../cli-error.ts';
import { listAt, textAt } from '../json.ts';
import { segment } from '../http/admin-client.ts';
import type { AdminClient } from '../http/admin-client.ts';

async function tenantOf(client: AdminClient, named: string | undefined): Promise<string> {
  if (named !== undefined) return named;
  const own = textAt(await client.get('/self'), 'tenant');
  if (own !== undefined) return own;
  const tenants = listAt(await client.get('/tenants', { limit: '2' }), 'items');
  const [only] = tenants.map((tenant) => textAt(tenant, 'id'));
  if (tenants.length === 1 && only !== undefined) return only;
  throw new CliError(
    'usage',
    tenants.length === 0
      ? 'There is no tenant yet. Create one: ccg tenants create ID --name NAME --models "*"'
      : 'There are several tenants. Name one with --tenant; `ccg tenants list` shows them.',
  );
}

/** The tenant of a command: the one that is named, the caller's own, or the only one that there is. */
export async function tenantPath(client: AdminClient, named: string | undefined): Promise<string> {
  return `/tenants/${segment(await tenantOf(client, named))}`;
}

/** Where the API keys are that a command acts on. */
export interface ApiKeyScope {
  readonly path: string;
  /** The path of the tenant, where its administration is open to the caller. */
  readonly tenant: string | undefined;
}

/** All of a tenant, or the caller's own where they may no more than that, or wish it so. */
export async function apiKeyScope(
  client: AdminClient,
  {
    tenant,
    own,
    needs,
  }: { readonly tenant?: string | undefined; readonly own?: boolean | undefined; readonly needs: 'read' | 'write' },
): Promise<ApiKeyScope> {
  if (own === true) return ownApiKeys;
  if (tenant === undefined) {
    const self = await client.get('/self');
    const scopes = listAt(self, 'scopes');
    const isDeveloper = textAt(self, 'tenant') !== undefined && !scopes.includes(`tenant:${needs}`);
    if (isDeveloper && scopes.includes('self')) return ownApiKeys;
  }
  const path = await tenantPath(client, tenant);
  return { path: `${path}/api-keys`, tenant: path };
}

const ownApiKeys: ApiKeyScope = { path: '/self/api-keys', tenant: undefined };

/** The id of a user who is named by id or by name. */
export async function userId(client: AdminClient, tenant: string, named: string): Promise<string> {
  const idOrName = named.normalize();
  if (idOrName.startsWith('usr_')) return idOrName;
  const { items } = await client.list(`${tenant}/users`);
  // A name of an older version may be in another form.
  const found = items.find((user) => textAt(user, 'name')?.normalize() === idOrName || textAt(user, 'id') === idOrName);
  const id = textAt(found, 'id');
  if (id !== undefined) return id;
  throw new CliError('refused', `There is no user "${idOrName}". \`ccg users list\` shows them.`);
}
