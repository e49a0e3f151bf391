import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createS3Files, createTransitions, sweepBatches } from '@ccg/batches';
import { systemClock } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { Fleet } from './fleet.ts';

/** An upload that was cut is swept an hour after it began. */
const hourMs = 60 * 60 * 1000;
const retentionMs = 29 * 24 * hourMs;

export interface BatchTraces {
  /** Objects of uploads that were cut, until their time is over. */
  readonly ofCutUploads: number;
  /** What is left when it is over: redis keys, and objects of the store. */
  readonly left: readonly string[];
}

/** Sweeps as a worker does an hour later. The batch with the given id was deleted. */
export async function findTraces({ store, s3, tenant }: Fleet, id: string): Promise<BatchTraces> {
  const ofCutUploads = (await objectsOf(s3.folder)).filter((path) => !path.includes(id)).length;
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + hourMs + 60_000 };
  Object.assign(process.env, s3.env);
  const files = createS3Files(s3);
  const transitions = createTransitions({ store, clock });
  const onFault = (error: unknown) => {
    throw error;
  };
  await sweepBatches({ store, files, transitions, randomBytes, clock, retentionMs, onFault });
  const { batches } = store.redisKeys;
  const ofTenant = [batches.list, batches.active, batches.ended, batches.removals].map((name) => name(tenant));
  const left = [...(await objectsOf(s3.folder))];
  for (const key of [...ofTenant, batches.uploads()]) {
    const members = await store.command('zrangebyscore', [key, '-inf', '+inf']);
    if (Array.isArray(members) && members.length > 0) left.push(key);
  }
  return { ofCutUploads, left };
}

async function objectsOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}
