export interface Settings {
  readonly models: string;
  readonly isSmall: boolean;
}

/** A file, in few words: what each of two tenants has. */
export interface FileCase {
  readonly small: string | undefined;
  readonly tenants: readonly (TenantCase | undefined)[];
}

export interface TenantCase extends Settings {
  readonly requestsPerMinute: number | undefined;
  readonly users: Readonly<Record<string, Settings>>;
  readonly keys: readonly (KeyCase | undefined)[];
}

interface KeyCase extends Settings {
  readonly owner: string | undefined;
  readonly byDigest: boolean;
}

type State = 'active' | 'suspended by the file' | 'suspended by the API';

interface Owned {
  byFile: boolean;
}

interface ModelTenant extends Owned {
  settings: Settings & Pick<TenantCase, 'requestsPerMinute'>;
  state: State;
  small: (Owned & { readonly models: string }) | undefined;
  readonly users: Map<string, Owned & { settings: Settings; state: State }>;
  readonly keys: Map<number, Owned & { settings: Settings; owner: string | undefined; isRevoked: boolean }>;
}

/** What the store should have, by the place of the tenant. */
export type Model = Map<number, ModelTenant>;

const afterFile = (state: State | undefined): State =>
  state === undefined || state === 'suspended by the file' ? 'active' : state;
const afterPrune = (state: State): State => (state === 'suspended by the API' ? state : 'suspended by the file');

function isElsewhere(model: Model, tenant: number, key: number): boolean {
  return [...model].some(([other, { keys }]) => other !== tenant && keys.has(key));
}

export function applyTo(model: Model, file: FileCase, prune: boolean): void {
  for (const [at, wanted] of file.tenants.entries()) if (wanted !== undefined) applyTenant(model, at, wanted, file);
  if (!prune) return;
  for (const [at, tenant] of model) pruneTenant(tenant, file.tenants[at], file);
}

function applyTenant(model: Model, at: number, wanted: TenantCase, { small }: FileCase): void {
  const before = model.get(at);
  const tenant: ModelTenant = {
    byFile: true,
    settings: wanted,
    state: afterFile(before?.state),
    small: small === undefined ? before?.small : { models: small, byFile: true },
    users: before?.users ?? new Map(),
    keys: before?.keys ?? new Map(),
  };
  model.set(at, tenant);
  for (const [name, settings] of Object.entries(wanted.users)) {
    tenant.users.set(name, { settings, state: afterFile(tenant.users.get(name)?.state), byFile: true });
  }
  for (const [key, settings] of wanted.keys.entries()) {
    if (settings === undefined || isElsewhere(model, at, key) || tenant.keys.get(key)?.isRevoked === true) continue;
    tenant.keys.set(key, { settings, owner: settings.owner, isRevoked: false, byFile: true });
  }
}

function pruneTenant(tenant: ModelTenant, wanted: TenantCase | undefined, { small }: FileCase): void {
  for (const [key, one] of tenant.keys) {
    if (one.byFile && wanted?.keys[key] === undefined) one.isRevoked = true;
  }
  for (const [name, user] of tenant.users) {
    if (!user.byFile || wanted?.users[name] !== undefined) continue;
    user.state = afterPrune(user.state);
    user.byFile = false;
  }
  if (tenant.small?.byFile === true && (wanted === undefined || small === undefined)) tenant.small = undefined;
  if (!tenant.byFile || wanted !== undefined) return;
  tenant.state = afterPrune(tenant.state);
  tenant.byFile = false;
}

const matchesHaiku = (models: string) => models !== '*opus*';

export function expectedOf(model: Model, number: number): string {
  const home = [...model.values()].find(({ keys }) => keys.has(number));
  const key = home?.keys.get(number);
  if (home === undefined || key === undefined) return 'unknown never-issued';
  if (key.isRevoked) return 'unknown revoked';
  if (home.state !== 'active') return 'suspended';
  const user = key.owner === undefined ? undefined : home.users.get(key.owner);
  if (user !== undefined && user.state !== 'active') return 'suspended';
  const levels = [home.settings, key.settings, ...(user === undefined ? [] : [user.settings])];
  const allows = levels.every(
    (level) =>
      matchesHaiku(level.models) && (!level.isSmall || (home.small !== undefined && matchesHaiku(home.small.models))),
  );
  return allows ? 'allowed' : 'denied';
}

interface StateRecord {
  readonly state: 'active' | 'suspended';
  readonly suspendedBy?: string | undefined;
  readonly origin?: string | undefined;
}

/** The state of a record in the words of the model. */
export function stateOf({ state, suspendedBy, origin }: StateRecord): Owned & { readonly state: State } {
  const by = suspendedBy === 'file' ? 'suspended by the file' : 'suspended by the API';
  return { state: state === 'active' ? state : by, byFile: origin === 'file' };
}
