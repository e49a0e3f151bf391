import type { KeyspaceEntry, RedisDataValue, RedisStreamData } from 'js-redis-server/core';

import { tailFromWords, tailToWords, valueFromWords, valueToWords } from './values.ts';
import type { StreamTail } from './values.ts';
import { packWords, readWords, toWords, unpackWords } from './words.ts';
import type { Words } from './words.ts';

/*
 * The format of what is written. A gateway refuses a journal with a kind of change or a type of value that it does not
 * know, so a new kind needs nothing else; one that exists never gets another meaning.
 */

/** What happened to a key: what it is afterwards. */
export type Change =
  | {
      readonly kind: 'put';
      readonly key: Buffer;
      readonly expiresAt: number | undefined;
      readonly value: RedisDataValue;
    }
  /** A stream without expiry got longer: what an audit log does all the time, and may be large. */
  | { readonly kind: 'extend'; readonly key: Buffer; readonly tail: StreamTail }
  | { readonly kind: 'drop'; readonly key: Buffer }
  | { readonly kind: 'drop-all' };

/** Changes that belong together, and when they were written. */
export interface Batch {
  readonly writtenAt: number;
  readonly changes: readonly Change[];
}

export function encodeBatch({ writtenAt, changes }: Batch): Buffer {
  return packWords([toWords([writtenAt]), ...changes.map(changeToWords)]);
}

/** Throws when the bytes are not those of a batch. */
export function decodeBatch(payload: Buffer): Batch {
  const [head = [], ...rest] = unpackWords(payload);
  return { writtenAt: readWords(head).number(), changes: rest.map(changeFromWords) };
}

function changeToWords(change: Change): Words {
  switch (change.kind) {
    case 'put':
      return [...toWords([change.kind, change.key, change.expiresAt]), ...valueToWords(change.value)];
    case 'extend':
      return [...toWords([change.kind, change.key]), ...tailToWords(change.tail)];
    case 'drop':
      return toWords([change.kind, change.key]);
    case 'drop-all':
      return toWords([change.kind]);
    default:
      return change satisfies never;
  }
}

function changeFromWords(words: Words): Change {
  const reader = readWords(words);
  const kind = reader.text();
  switch (kind) {
    case 'put':
      return { kind, key: reader.next(), expiresAt: reader.optionalNumber(), value: valueFromWords(words, 3) };
    case 'extend':
      return { kind, key: reader.next(), tail: tailFromWords(words, 2) };
    case 'drop':
      return { kind, key: reader.next() };
    case 'drop-all':
      return { kind };
    default:
      throw new RangeError('a change of an unknown kind');
  }
}

/** The entries of a store by the hexadecimal form of their redis keys. */
export type Image = Map<string, KeyspaceEntry>;

/** Does the changes of a batch to an image. Throws when one does not fit what is there. */
export function applyBatch(image: Image, { changes }: Batch): void {
  for (const change of changes) applyChange(image, change);
}

function applyChange(image: Image, change: Change): void {
  switch (change.kind) {
    case 'put': {
      const { key, value, expiresAt } = change;
      image.set(key.toString('hex'), { key, value, ...(expiresAt === undefined ? {} : { expiresAt }) });
      return;
    }
    case 'extend': {
      const stream = image.get(change.key.toString('hex'))?.value;
      if (stream?.type !== 'stream') throw new RangeError('an extended stream that is not there');
      extendStream(stream, change.tail);
      return;
    }
    case 'drop':
      image.delete(change.key.toString('hex'));
      return;
    case 'drop-all':
      image.clear();
      return;
    default:
      change satisfies never;
  }
}

/** In place: a stream of a hundred thousand entries may be extended as many times. */
function extendStream(stream: RedisStreamData, { kept, entries, ...counters }: StreamTail): void {
  const dropped = stream.entries.length - kept;
  if (dropped < 0) throw new RangeError('an extended stream that is too short');
  if (dropped > 0) stream.entries.splice(0, dropped);
  for (const entry of entries) stream.entries.push(entry);
  Object.assign(stream, counters);
}
