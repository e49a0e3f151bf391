import { createBoundedMap } from '@ccg/kernel';
import type { BatchPlace } from './batch/batch-record.ts';
import { indexPageItems } from './create/item-writer.ts';
import type { IndexEntry } from './create/item-writer.ts';
import { fileNames } from './files/batch-files.ts';
import type { BatchFiles } from './files/batch-files.ts';

/** An item as it was sent. */
export interface BatchItem {
  readonly customId: string;
  readonly bytes: number;
  /** Reads its params, a value of JSON. Rejects with BatchFilesError. */
  readParams(): Promise<Uint8Array>;
}

/** Finds items in the files of their batches. */
export interface ItemReader {
  /** Rejects with BatchFilesError, also for an index that the batch does not have. */
  read(place: BatchPlace, index: number): Promise<BatchItem>;
}

/** Items of a batch run one after the other, so what was read last is kept: so many pages of an index, and files of a megabyte. */
const pagesMax = 32;
const inputsMax = 16;

export function createItemReader(files: BatchFiles): ItemReader {
  const pages = createBoundedMap<Promise<readonly IndexEntry[]>>(pagesMax);
  const inputs = createBoundedMap<Promise<Uint8Array>>(inputsMax);
  const readInput = (place: BatchPlace, file: number) =>
    remember(inputs, place, file, () => files.read(place, fileNames.input(file)));

  async function readParams(place: BatchPlace, [, file, offset, bytes]: IndexEntry): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    let missing = bytes;
    for (let at = file, from = offset; missing > 0; at += 1, from = 0) {
      const input = await readInput(place, at);
      const piece = input.subarray(from, from + missing);
      pieces.push(piece);
      missing -= piece.length;
    }
    // A copy, so that an item that runs long does not keep the file in memory.
    return Buffer.concat(pieces);
  }

  return {
    async read(place, index) {
      const page = Math.floor(index / indexPageItems);
      const entries = await remember(pages, place, page, () => readIndexPage(files, place, page));
      const entry = entries[index % indexPageItems];
      if (entry === undefined) throw new RangeError(`The batch has no item ${index}.`);
      return { customId: entry[0], bytes: entry[3], readParams: () => readParams(place, entry) };
    },
  };
}

/** Reads a page of the index of a batch. Rejects with BatchFilesError. */
export async function readIndexPage(
  files: BatchFiles,
  place: BatchPlace,
  page: number,
): Promise<readonly IndexEntry[]> {
  const bytes = await files.read(place, fileNames.index(page));
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as readonly IndexEntry[];
}

/** What could not be read is read again when it is asked for again. */
function remember<Value>(
  memory: ReturnType<typeof createBoundedMap<Promise<Value>>>,
  { id }: BatchPlace,
  number: number,
  read: () => Promise<Value>,
): Promise<Value> {
  const key = `${id}/${number}`;
  const known = memory.get(key);
  if (known !== undefined) return known;
  const reading = read();
  memory.set(key, reading);
  reading.catch(() => {
    memory.delete(key);
  });
  return reading;
}
