import type { Store } from '@ccg/store';
import type { BatchPlace } from '../batch/batch-record.ts';
import type { Transitions } from '../batch/transitions.ts';
import { fileNames } from '../files/batch-files.ts';
import type { BatchFiles } from '../files/batch-files.ts';
import { readWaiting } from './waiting-results.ts';

/** A file of results ends with the result that reaches this size. */
const resultsFileBytes = 1024 * 1024;

export interface FilingDependencies {
  readonly store: Store;
  readonly files: BatchFiles;
  readonly transitions: Transitions;
  readonly randomBytes: (size: number) => Uint8Array;
}

/**
 * Moves the results of a batch that wait in Redis into files, all of them, or with `onlyFull` those that fill one. Several
 * processes may do so at once. Rejects with BatchFilesError, and then the results go on waiting.
 */
export async function fileResults(deps: FilingDependencies, place: BatchPlace, onlyFull: boolean): Promise<void> {
  const { store, files, transitions, randomBytes } = deps;
  for (;;) {
    const waiting = await readWaiting(store, place, { knownFiles: Infinity, from: 0, maxBytes: resultsFileBytes });
    if (waiting.kind === 'file' || waiting.lines.length === 0) return;
    const content = Buffer.from(`${waiting.lines.join('\n')}\n`);
    // The ends of lines are not counted among the bytes that wait.
    const bytes = content.length - waiting.lines.length;
    if (onlyFull && bytes < resultsFileBytes) return;
    const name = fileNames.results(waiting.files, Buffer.from(randomBytes(6)).toString('hex'));
    await files.write(place, name, content);
    const file = { name, after: waiting.files, results: waiting.lines.length, bytes };
    // Whoever was faster has written them too; this file is removed with those of the batch.
    if (!(await transitions.filed(place, file))) return;
  }
}
