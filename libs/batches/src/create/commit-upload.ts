import type { Clock } from '@ccg/kernel';
import { loadScript, StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import { fieldsOf } from '../batch/batch-record.ts';
import type { BatchPlace, BatchRecord } from '../batch/batch-record.ts';
import type { BatchFiles } from '../files/batch-files.ts';

const script = loadScript(new URL('../batch/commit.lua', import.meta.url));

const hourMs = 60 * 60 * 1000;
/** For so long the repetition of a request is the same request. */
const onceLastsMs = 24 * hourMs;
/** An upload that takes longer cannot be committed, and what it has left is removed. */
export const uploadMaxMs = hourMs;
const commitTries = 3;
const retryMs = 300;

/** The name of a batch in the list of all uploads. Neither tenants nor batches have a slash. */
function uploadName({ tenant, id }: BatchPlace): string {
  return `${tenant}/${id}`;
}

/** Notes an upload before its first file, so that its files are found if this process dies. */
export async function beginUpload(store: Store, place: BatchPlace, nowMs: number): Promise<void> {
  const { batches } = store.redisKeys;
  await store.command('zadd', [batches.uploads(), nowMs, uploadName(place)]);
  await store.command('set', [batches.upload(place.tenant, place.id), '1', 'PX', uploadMaxMs]);
}

/** Forgets an upload that was committed, or whose files are gone. */
export async function endUpload(store: Store, place: BatchPlace): Promise<void> {
  await store.command('zrem', [store.redisKeys.batches.uploads(), uploadName(place)]);
}

/** Removes what an upload has left. From its first step on the upload cannot be committed. */
export async function dropUpload(store: Store, files: BatchFiles, place: BatchPlace): Promise<void> {
  await store.command('del', [store.redisKeys.batches.upload(place.tenant, place.id)]);
  await files.removeAll(place);
  await endUpload(store, place);
}

/** The first request of its kind: the digest of its body, and the batch that it has made. */
export async function findOnce(
  store: Store,
  tenant: string,
  digest: string,
): Promise<{ readonly body: string; readonly batch: string } | undefined> {
  const key = store.redisKeys.batches.once(tenant, digest);
  const [body, batch] = await Promise.all([
    store.command('hget', [key, 'body']),
    store.command('hget', [key, 'batch']),
  ]);
  return typeof body === 'string' && typeof batch === 'string' ? { body, batch } : undefined;
}

export type CommitOutcome =
  | { readonly kind: 'committed' }
  /** The upload took too long. */
  | { readonly kind: 'lapsed' }
  /** The batch of the first request with the same idempotency key. */
  | { readonly kind: 'repeated' | 'mismatch'; readonly batch: string };

/** The batch may exist, but Redis did not say so. */
export class CommitUncertainError extends Error {
  override readonly name = 'CommitUncertainError';
  override readonly cause: StoreUnavailableError;

  constructor(cause: StoreUnavailableError) {
    super('It is not known whether the batch was committed.');
    this.cause = cause;
  }
}

/** Makes the batch exist. Rejects with CommitUncertainError where Redis gives no answer after several tries. */
export async function commitUpload(
  store: Store,
  clock: Clock,
  record: BatchRecord,
  bodyDigest: string,
): Promise<CommitOutcome> {
  const { tenant, id, owner, onceDigest, expiresAtMs } = record;
  const { batches } = store.redisKeys;
  const once = onceDigest === undefined ? [] : [batches.once(tenant, onceDigest)];
  const ofBatch = [batches.upload(tenant, id), batches.record(tenant, id)];
  const lists = [batches.active(tenant), batches.list(tenant), batches.listOf(tenant, owner)];
  const keys = [...ofBatch, ...lists, ...once];
  const args = [id, expiresAtMs, bodyDigest, onceLastsMs, ...fieldsOf(record)];
  for (let left = commitTries; ; left -= 1) {
    try {
      const reply = await store.run(script, keys, args);
      const [kind, batch] = Array.isArray(reply) ? reply.map(String) : [];
      if (kind === 'repeated' || kind === 'mismatch') return { kind, batch: batch ?? '' };
      return kind === 'lapsed' ? { kind } : { kind: 'committed' };
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      if (left <= 1) throw new CommitUncertainError(error);
      await new Promise<void>((resolve) => {
        clock.schedule(retryMs, resolve);
      });
    }
  }
}
