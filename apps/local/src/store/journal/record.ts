import { crc32 } from 'node:zlib';

/*
 * A record of a journal file: mark (4 bytes), length of the payload, CRC-32 of the payload, CRC-32 of these twelve bytes,
 * the payload, a closing byte. The header has a checksum of its own, so that a wrong length is not taken for a file that
 * ends too early. The closing byte is not zero, so that a file whose last pages were never written shows it.
 */

const mark = Buffer.from('ccj1');
const headerBytes = 16;
const closing = 0x0a;

/** How a file ends. `torn`: within a record, as after a crash. `damaged`: what stands there was written differently. */
type JournalEnd =
  | { readonly kind: 'whole' }
  | { readonly kind: 'torn'; readonly offset: number }
  | { readonly kind: 'damaged'; readonly offset: number };

export interface JournalRecords {
  readonly payloads: readonly Buffer[];
  readonly end: JournalEnd;
}

export function encodeRecord(payload: Buffer): Buffer {
  const record = Buffer.allocUnsafe(headerBytes + payload.length + 1);
  mark.copy(record);
  record.writeUInt32LE(payload.length, 4);
  record.writeUInt32LE(crc32(payload), 8);
  record.writeUInt32LE(crc32(record.subarray(0, 12)), 12);
  payload.copy(record, headerBytes);
  record[record.length - 1] = closing;
  return record;
}

/** Reads the records of a file up to the first that is not whole. The payloads share the memory of `file`. */
export function readRecords(file: Buffer): JournalRecords {
  const payloads: Buffer[] = [];
  let offset = 0;
  while (offset < file.length) {
    const found = readRecord(file, offset);
    if (found.kind !== 'record') return { payloads, end: { kind: found.kind, offset } };
    payloads.push(found.payload);
    offset = found.nextOffset;
  }
  return { payloads, end: { kind: 'whole' } };
}

type FoundRecord =
  | { readonly kind: 'record'; readonly payload: Buffer; readonly nextOffset: number }
  | { readonly kind: 'torn' | 'damaged' };

function readRecord(file: Buffer, offset: number): FoundRecord {
  const rest = file.subarray(offset);
  if (rest.length < headerBytes) {
    const begun = Math.min(rest.length, mark.length);
    return { kind: isUnwritten(rest) || rest.compare(mark, 0, begun, 0, begun) === 0 ? 'torn' : 'damaged' };
  }
  const isHeader = rest.compare(mark, 0, 4, 0, 4) === 0 && rest.readUInt32LE(12) === crc32(rest.subarray(0, 12));
  if (!isHeader) return { kind: isUnwritten(rest.subarray(headerBytes - 1)) ? 'torn' : 'damaged' };
  const recordBytes = headerBytes + rest.readUInt32LE(4) + 1;
  if (rest.length < recordBytes) return { kind: 'torn' };
  const payload = rest.subarray(headerBytes, recordBytes - 1);
  if (rest[recordBytes - 1] === closing && crc32(payload) === rest.readUInt32LE(8)) {
    return { kind: 'record', payload, nextOffset: offset + recordBytes };
  }
  return { kind: isUnwritten(rest.subarray(recordBytes - 1)) ? 'torn' : 'damaged' };
}

/** Whether these bytes to the end of the file are zero: the system made the file longer, but never wrote them. */
function isUnwritten(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}
