import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { BatchPlace } from '../batch/batch-record.ts';

const script = loadScript(new URL('./read-waiting.lua', import.meta.url));

export type WaitingResults =
  /** There is another file, which holds what was waiting. */
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'results'; readonly files: number; readonly lines: readonly string[] };

const timeoutMs = 5000;

/** Reads some of the results that wait in Redis, from one on, unless there are more files than the caller knows. */
export async function readWaiting(
  store: Store,
  { tenant, id }: BatchPlace,
  { knownFiles, from, maxBytes }: { readonly knownFiles: number; readonly from: number; readonly maxBytes: number },
): Promise<WaitingResults> {
  const { batches } = store.redisKeys;
  const keys = [batches.record(tenant, id), batches.resultFiles(tenant, id), batches.results(tenant, id)];
  const reply = await store.run(script, keys, [knownFiles, from, maxBytes], { timeoutMs });
  const [kind, second, ...lines] = Array.isArray(reply) ? reply.map(String) : [];
  if (kind === 'file') return { kind, name: second ?? '' };
  return { kind: 'results', files: Number(second ?? 0), lines };
}
