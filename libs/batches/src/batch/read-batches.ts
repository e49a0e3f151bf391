import type { Store } from '@ccg/store';
import { batchOf } from './batch-record.ts';
import type { Batch, BatchPlace } from './batch-record.ts';

const idShape = /^msgbatch_[0-9a-f]{32}$/u;

/** Whether a text could be the id of a batch. Only such a text may become part of a redis key or of a file's name. */
export function isBatchId(text: string): boolean {
  return idShape.test(text);
}

/** The id of a batch that is created now; later ids come later in a list. */
export function newBatchId(nowMs: number, randomBytes: (size: number) => Uint8Array): string {
  const random = Buffer.from(randomBytes(10)).toString('hex');
  return `msgbatch_${nowMs.toString(16).padStart(12, '0')}${random}`;
}

/** Reads a batch as it is; undefined where there is none. */
export async function readBatch(store: Store, { tenant, id }: BatchPlace): Promise<Batch | undefined> {
  if (!isBatchId(id)) return undefined;
  return batchOf(fieldsOf(await store.command('hgetall', [store.redisKeys.batches.record(tenant, id)])));
}

/** The client gives the fields of a hash in turn, or as an object. */
function fieldsOf(reply: unknown): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  if (!Array.isArray(reply)) return new Map(Object.entries(reply ?? {}).map(([name, value]) => [name, String(value)]));
  for (let at = 0; at < reply.length; at += 2) fields.set(String(reply[at]), String(reply[at + 1]));
  return fields;
}

export interface BatchPageRequest {
  readonly tenant: string;
  /** Whose batches; undefined for all of the tenant. */
  readonly owner: string | undefined;
  readonly limit: number;
  /** Where the page begins, or where it ends; the newest batches come first. */
  readonly after?: string | undefined;
  readonly before?: string | undefined;
}

export interface BatchPage {
  readonly batches: readonly Batch[];
  readonly hasMore: boolean;
}

/** Reads a part of the list of batches. It takes time in proportion to the page, wherever it is in the list. */
export async function listBatches(store: Store, request: BatchPageRequest): Promise<BatchPage> {
  const { tenant, limit } = request;
  const ids = await pageOfIds(store, request);
  const page = request.before === undefined ? ids.slice(0, limit) : ids.slice(0, limit).toReversed();
  const found = await Promise.all(page.map((id) => readBatch(store, { tenant, id })));
  return { batches: found.filter((batch) => batch !== undefined), hasMore: ids.length > limit };
}

/** The ids of a page and one more, those nearest to where it begins or ends first. */
export async function pageOfIds(
  store: Store,
  { tenant, owner, limit, after, before }: BatchPageRequest,
): Promise<readonly string[]> {
  const { batches: names } = store.redisKeys;
  const key = owner === undefined ? names.list(tenant) : names.listOf(tenant, owner);
  const rest = ['LIMIT', 0, limit + 1];
  const reply =
    before === undefined
      ? await store.command('zrevrangebylex', [key, after === undefined ? '+' : `(${after}`, '-', ...rest])
      : await store.command('zrangebylex', [key, `(${before}`, '+', ...rest]);
  return Array.isArray(reply) ? reply.map(String) : [];
}

/** The ids of a tenant's batches that have not ended, those that expire first at the beginning. */
export async function listActiveBatches(store: Store, tenant: string): Promise<readonly string[]> {
  return await readScores(store, store.redisKeys.batches.active(tenant), '-inf', '+inf');
}

/** The tenants that have batches, or once had. */
export async function listBatchTenants(store: Store): Promise<readonly string[]> {
  return await readScores(store, store.redisKeys.batches.tenants(), '-inf', '+inf');
}

/** The members of a sorted set whose scores are within the bounds. */
export async function readScores(
  store: Store,
  key: string,
  min: string | number,
  max: string | number,
): Promise<readonly string[]> {
  const reply = await store.command('zrangebyscore', [key, min, max]);
  return Array.isArray(reply) ? reply.map(String) : [];
}
