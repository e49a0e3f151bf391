import { loadScript, StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { BatchPlace } from '../batch/batch-record.ts';
import { BatchFilesError, isResultsName } from './batch-files.ts';
import type { BatchFiles } from './batch-files.ts';

const script = loadScript(new URL('./file-bytes.lua', import.meta.url));
const megabyte = 1024 * 1024;
/** A file of a megabyte takes longer than a command of a request. */
const timeoutMs = 10_000;

interface RedisFilesLimits {
  readonly maxBatchBytes?: number;
  readonly maxBytes?: number;
}

/**
 * Keeps files in Redis, for what is small: 16 MB a batch, which its writer sees to, and 256 MB in all. Files are text.
 * Results are not refused, so what is above the limits are those of items that ran already.
 */
export function createRedisFiles(store: Store, limits: RedisFilesLimits = {}): BatchFiles {
  const { maxBatchBytes = 16 * megabyte, maxBytes = 256 * megabyte } = limits;
  const { batches } = store.redisKeys;
  const count = (...args: readonly (string | number)[]) => store.run(script, [batches.fileBytes()], args);
  const nameOf = ({ tenant, id }: BatchPlace) => `${tenant}/${id}`;
  return {
    maxBatchBytes,
    identity: () => Promise.resolve('redis'),
    write: (place, name, bytes) =>
      inOurWords(async () => {
        const fits = await count('add', nameOf(place), bytes.length, isResultsName(name) ? 0 : maxBytes);
        if (fits !== 1) throw new BatchFilesError('full', 'limit');
        const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
        await store.command('hset', [batches.files(place.tenant, place.id), name, content], { timeoutMs });
      }),
    read: (place, name) =>
      inOurWords(async () => {
        const content = await store.command('hget', [batches.files(place.tenant, place.id), name], { timeoutMs });
        if (typeof content !== 'string') throw new BatchFilesError('missing', 'no such file');
        return Buffer.from(content);
      }),
    removeAll: (place) =>
      inOurWords(async () => {
        await store.command('del', [batches.files(place.tenant, place.id)], { timeoutMs });
        await count('drop', nameOf(place));
      }),
  };
}

async function inOurWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof StoreUnavailableError)) throw thrown;
    throw new BatchFilesError(thrown.detail === 'OOM' ? 'full' : 'unavailable', thrown.detail);
  }
}
