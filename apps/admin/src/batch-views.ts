import { browseBatches, findBatch, listBatchTenants, readBatch, readProgress } from '@ccg/batches';
import type { Batch, BatchStatus, Transitions } from '@ccg/batches';
import { assertNever } from '@ccg/kernel';
import { done, readUserNames, refused, runBatchVerb } from '@ccg/tenancy';
import type { Actor, BatchGrant, Result, TenancyDependencies, UsageReach } from '@ccg/tenancy';
import { readCursor, writeCursor } from './cursor.ts';
import { shownBatch } from './batch-shown.ts';
import type { ShownBatch } from './batch-shown.ts';

export interface BatchViewDependencies {
  readonly tenancy: Pick<TenancyDependencies, 'store' | 'clock'>;
  readonly batches: Pick<Transitions, 'cancel' | 'touch'>;
}

interface ListRequest {
  readonly tenant?: string | undefined;
  readonly status?: BatchStatus | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

const limitDefault = 50;
/** Operators look through so many tenants; more would keep Redis busy. */
const tenantsMax = 500;

/** Lists the batches that an actor may see, the newest first. */
export async function listBatchViews(deps: BatchViewDependencies, actor: Actor, request: ListRequest) {
  const { store } = deps.tenancy;
  const { tenant, status, limit = limitDefault } = request;
  type Page = { readonly items: readonly ShownBatch[]; readonly nextCursor: string | undefined };
  return await runBatchVerb<Page>(deps.tenancy, actor, { verb: 'read', tenant, batch: undefined }, async (grant) => {
    const [after, ...more] = readCursor(request.cursor) ?? ['', ''];
    if (more.length > 0) return invalid('cursor', 'is not one that a page of this list gave');
    const tenants = await tenantsIn(deps, grant.reach);
    if (tenants.kind === 'refused') return tenants;
    const owner = ownerIn(grant.reach);
    const { batches, next } = await browseBatches(store, { tenants: tenants.value, owner, status, limit, after });
    const items = await shownBatches(deps, batches);
    return done({ items, nextCursor: next === undefined ? undefined : writeCursor([next]) });
  });
}

interface Named {
  readonly tenant?: string | undefined;
  readonly id: string;
}

/** Reads one batch with how far it is. */
export async function readBatchView(
  deps: BatchViewDependencies,
  actor: Actor,
  { tenant, id }: Named,
): Promise<Result<ShownBatch>> {
  return await runBatchVerb(deps.tenancy, actor, { verb: 'read', tenant, batch: id }, async (grant) => {
    const found = await find(deps, grant, id);
    return found.kind === 'refused' ? found : await showNow(deps, found.value);
  });
}

/** Cancels a batch. One that is canceled or has ended stays as it is, and is not written into the audit log again. */
export async function cancelBatchView(
  deps: BatchViewDependencies,
  actor: Actor,
  { tenant, id }: Named,
): Promise<Result<ShownBatch>> {
  return await runBatchVerb(deps.tenancy, actor, { verb: 'cancel', tenant, batch: id }, async (grant) => {
    const found = await find(deps, grant, id);
    if (found.kind === 'refused') return found;
    const { record } = found.value;
    await deps.batches.cancel(record, grant.lineOf(record.tenant));
    return await showNow(deps, found.value);
  });
}

async function find(deps: BatchViewDependencies, { reach }: BatchGrant, id: string): Promise<Result<Batch>> {
  const tenants = await tenantsIn(deps, reach);
  if (tenants.kind === 'refused') return tenants;
  const batch = await findBatch(deps.tenancy.store, tenants.value, id);
  const owner = ownerIn(reach);
  if (batch === undefined || (owner !== undefined && batch.record.owner !== owner)) return unknownBatch;
  return done(batch);
}

const unknownBatch = refused({ kind: 'unknown', subject: 'batch' });

/** A batch whose time is over has ended, whether or not a worker is there to notice. */
async function showNow(deps: BatchViewDependencies, { record }: Batch): Promise<Result<ShownBatch>> {
  const { store, clock } = deps.tenancy;
  if (clock.now() >= record.expiresAtMs) await deps.batches.touch(record);
  const batch = await readBatch(store, record);
  if (batch === undefined) return unknownBatch;
  const [shown] = await shownBatches(deps, [batch]);
  return shown === undefined ? unknownBatch : done(shown);
}

async function shownBatches({ tenancy }: BatchViewDependencies, batches: readonly Batch[]) {
  const { store, clock } = tenancy;
  const names = new Map<string, ReadonlyMap<string, string>>();
  for (const [tenant, ofTenant] of Map.groupBy(batches, ({ record }) => record.tenant)) {
    const users = ofTenant.flatMap(({ record }) => record.credential.user ?? []);
    names.set(tenant, await readUserNames({ store }, tenant, [...new Set(users)]));
  }
  return await Promise.all(
    batches.map(async (batch) => {
      const progress = await readProgress(store, clock, batch);
      const { tenant, credential } = batch.record;
      return shownBatch(batch, progress, names.get(tenant)?.get(credential.user ?? ''));
    }),
  );
}

async function tenantsIn({ tenancy }: BatchViewDependencies, reach: UsageReach): Promise<Result<readonly string[]>> {
  if (reach.kind !== 'all-tenants') return done([reach.tenant.id]);
  const tenants = await listBatchTenants(tenancy.store);
  if (tenants.length <= tenantsMax) return done(tenants);
  return invalid('tenant', `is required: there are more than ${tenantsMax} tenants with batches`);
}

/** Set for who reaches their own alone. */
function ownerIn(reach: UsageReach): string | undefined {
  switch (reach.kind) {
    case 'all-tenants':
    case 'tenant':
      return undefined;
    case 'own':
      return 'user' in reach.of ? reach.of.user : `api-key:${reach.of.apiKey}`;
    default:
      return assertNever(reach);
  }
}

function invalid(field: string, message: string) {
  return refused({ kind: 'invalid', issues: [{ path: [field], message }] });
}
