import { GatewayError } from '@ccg/kernel';
import type { BatchPlace } from '../batch/batch-record.ts';
import { fileNames, inputFileBytes } from '../files/batch-files.ts';
import type { BatchFiles } from '../files/batch-files.ts';

/** Where the params of an item are: in a file of inputs from an offset on, and at the beginning of those after it. */
export type IndexEntry = readonly [customId: string, file: number, offset: number, bytes: number];

/** So many items have their index in one file. */
export const indexPageItems = 1000;

/** Writes the items of a batch into files as they arrive. It holds one file of inputs and one page of the index. */
export interface ItemWriter {
  /** Takes a piece of the params of the item that is read. */
  params(bytes: Uint8Array): void;
  /** The item has ended. */
  item(customId: string): void;
  /** Writes what is full. To be called between pieces, so that no more than these are held. */
  flush(): Promise<void>;
  /** Writes the rest. */
  finish(): Promise<void>;
  inputBytes(): number;
}

export function createItemWriter(files: BatchFiles, place: BatchPlace): ItemWriter {
  const full: { readonly name: string; readonly bytes: Uint8Array }[] = [];
  let file = 0;
  let buffer = Buffer.allocUnsafe(inputFileBytes);
  let used = 0;
  let start: { file: number; offset: number } | undefined;
  let itemBytes = 0;
  let inputBytes = 0;
  let page = 0;
  let entries: IndexEntry[] = [];

  function closeFile(): void {
    full.push({ name: fileNames.input(file), bytes: buffer.subarray(0, used) });
    file += 1;
    buffer = Buffer.allocUnsafe(inputFileBytes);
    used = 0;
  }

  function closePage(): void {
    full.push({ name: fileNames.index(page), bytes: Buffer.from(JSON.stringify(entries)) });
    page += 1;
    entries = [];
  }

  async function flush(): Promise<void> {
    for (let next = full.shift(); next !== undefined; next = full.shift()) {
      await files.write(place, next.name, next.bytes);
    }
  }

  return {
    params(bytes) {
      itemBytes += bytes.length;
      inputBytes += bytes.length;
      if (inputBytes > (files.maxBatchBytes ?? Infinity)) throw tooLarge(files.maxBatchBytes);
      for (let rest = bytes; rest.length > 0;) {
        const fits = lengthOfWhole(rest, inputFileBytes - used);
        if (fits === 0) closeFile();
        start ??= { file, offset: used };
        buffer.set(rest.subarray(0, fits), used);
        used += fits;
        rest = rest.subarray(fits);
      }
    },
    item(customId) {
      entries.push([customId, start?.file ?? file, start?.offset ?? used, itemBytes]);
      start = undefined;
      itemBytes = 0;
      if (entries.length === indexPageItems) closePage();
    },
    flush,
    async finish() {
      if (used > 0) closeFile();
      if (entries.length > 0) closePage();
      await flush();
    },
    inputBytes: () => inputBytes,
  };
}

/** As much of UTF-8 as has room and ends with a whole character: a store may keep files as text. */
function lengthOfWhole(bytes: Uint8Array, room: number): number {
  if (bytes.length <= room) return bytes.length;
  let length = room;
  while (length > 0 && ((bytes[length] ?? 0) & 0xc0) === 0x80) length -= 1;
  return length;
}

function tooLarge(maxBytes = 0): GatewayError {
  const megabytes = Math.floor(maxBytes / (1024 * 1024));
  return new GatewayError(
    'request-too-large',
    `This gateway keeps batches of up to ${megabytes} MB. Create several smaller ones.`,
  );
}
