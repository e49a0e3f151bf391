import type { BatchPlace } from '../batch/batch-record.ts';

/**
 * Where the inputs and the results of batches are kept. A file is written once, whole; it counts when a record in Redis
 * names it, so that what a process leaves behind that died is found and removed.
 */
export interface BatchFiles {
  /** How many bytes the files of one batch may have, inputs and results; undefined for any number. */
  readonly maxBatchBytes: number | undefined;
  /** A text that is the same for all processes that have these files, and for no others. Rejects with BatchFilesError. */
  identity(): Promise<string>;
  /** Resolves when the file would survive the end of the machine. Rejects with BatchFilesError. */
  write(place: BatchPlace, name: string, bytes: Uint8Array): Promise<void>;
  /** Rejects with BatchFilesError, also where there is no such file. */
  read(place: BatchPlace, name: string): Promise<Uint8Array>;
  /** Removes every file of a batch, if there are any. Rejects with BatchFilesError. */
  removeAll(place: BatchPlace): Promise<void>;
}

/** `full`: there is no room. `missing`: the file is not there. `unavailable`: anything else. */
export type FilesFault = 'full' | 'missing' | 'unavailable';

/** The files cannot be used now. The detail is fit for a log: an error code, never a path or a credential. */
export class BatchFilesError extends Error {
  override readonly name = 'BatchFilesError';
  readonly fault: FilesFault;
  readonly detail: string;

  constructor(fault: FilesFault, detail: string) {
    super(`The files of batches cannot be used (${fault}): ${detail}`);
    this.fault = fault;
    this.detail = detail;
  }
}

/** Inputs are cut into files of this size, which is what is held of one at the same time. */
export const inputFileBytes = 1024 * 1024;

/** The names of files. Those of results have a token: two processes that write the same results write two files. */
export const fileNames = {
  input: (number: number) => `input-${padded(number)}`,
  index: (page: number) => `index-${padded(page)}`,
  results: (number: number, token: string) => `${resultsPrefix}${padded(number)}-${token}`,
};

const resultsPrefix = 'results-';

/** Whether it is a file of results, which is never refused for want of room: they were paid for. */
export function isResultsName(name: string): boolean {
  return name.startsWith(resultsPrefix);
}

function padded(number: number): string {
  return String(number).padStart(6, '0');
}
