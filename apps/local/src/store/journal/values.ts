import type { RedisDataValue, RedisStreamData } from 'js-redis-server/core';

import { readWords, toWords } from './words.ts';
import type { Word, WordReader, Words } from './words.ts';

/* The values of the store as words. The words are this journal's own, so that an upgrade of the server leaves files readable. */

type StreamId = RedisStreamData['lastId'];
type StreamEntry = RedisStreamData['entries'][number];
type StreamGroup = RedisStreamData['groups'] extends Map<string, infer Group> ? Group : never;

/** What comes to a stream at its end, and how many of its older entries stay. */
export interface StreamTail {
  /** How many of the entries that were there remain: the youngest. */
  readonly kept: number;
  readonly entries: readonly StreamEntry[];
  readonly lastId: StreamId;
  readonly entriesAdded: number;
  readonly maxDeletedEntryId: StreamId;
}

export function valueToWords(value: RedisDataValue): Words {
  switch (value.type) {
    case 'string':
      return toWords(['string', value.value]);
    case 'hash':
      return toWords(['hash', ...list(value.fields, (field) => [field.field, field.value, field.expiresAt])]);
    case 'list':
      return toWords(['list', value.values.length, ...value.values]);
    case 'set':
      return toWords(['set', ...list(value.members, (member) => [member])]);
    case 'zset':
      return toWords(['zset', ...list(value.members, ({ member, score }) => [member, score])]);
    case 'stream':
      return toWords(['stream', ...streamCounters(value), ...entryWords(value.entries), ...groupWords(value)]);
    default:
      return value satisfies never;
  }
}

export function tailToWords(tail: StreamTail): Words {
  return toWords([tail.kept, ...streamCounters(tail), ...entryWords(tail.entries)]);
}

function list<T>(items: ReadonlyMap<string, T>, write: (item: T) => readonly Word[]): readonly Word[] {
  return [items.size, ...[...items.values()].flatMap(write)];
}

function streamCounters(stream: Omit<StreamTail, 'kept' | 'entries'>): readonly Word[] {
  return [idText(stream.lastId), stream.entriesAdded, idText(stream.maxDeletedEntryId)];
}

function entryWords(entries: readonly StreamEntry[]): readonly Word[] {
  return [entries.length, ...entries.flatMap(({ id, fields }) => [idText(id), fields.length, ...fields])];
}

function groupWords({ groups }: RedisStreamData): readonly Word[] {
  return list(groups, (group) => [
    group.name,
    idText(group.lastDeliveredId),
    group.entriesRead ?? undefined,
    ...list(group.consumers, ({ name, seenAt, activeAt }) => [name, seenAt, activeAt ?? undefined]),
    ...list(group.pending, (pending) => [
      idText(pending.id),
      pending.consumerId,
      pending.deliveredAt,
      pending.deliveryCount,
    ]),
  ]);
}

/** Throws when the words are not those of a value. */
export function valueFromWords(words: Words, start: number): RedisDataValue {
  const reader = readWords(words, start);
  const type = reader.text();
  switch (type) {
    case 'string':
      return { type, value: reader.next() };
    case 'hash':
      return { type, fields: byHex(readFields(reader), ({ field }) => field) };
    case 'list':
      return { type, values: reader.many(reader.next) };
    case 'set':
      return { type, members: byHex(reader.many(reader.next), (member) => member) };
    case 'zset': {
      const members = reader.many(() => ({ member: reader.next(), score: reader.number() }));
      return { type, members: byHex(members, ({ member }) => member) };
    }
    case 'stream':
      return { type, ...readCounters(reader), entries: readEntries(reader), groups: readGroups(reader) };
    default:
      throw new RangeError('a value of an unknown type');
  }
}

export function tailFromWords(words: Words, start: number): StreamTail {
  const reader = readWords(words, start);
  return { kept: reader.number(), ...readCounters(reader), entries: readEntries(reader) };
}

function readFields(reader: WordReader) {
  return reader.many(() => {
    const [field, value, expiresAt] = [reader.next(), reader.next(), reader.optionalNumber()];
    return { field, value, ...(expiresAt === undefined ? {} : { expiresAt }) };
  });
}

function readCounters(reader: WordReader) {
  return { lastId: readId(reader), entriesAdded: reader.number(), maxDeletedEntryId: readId(reader) };
}

function readEntries(reader: WordReader): StreamEntry[] {
  return reader.many(() => ({ id: readId(reader), fields: reader.many(reader.next) }));
}

function readGroups(reader: WordReader): Map<string, StreamGroup> {
  const groups = reader.many(() => ({
    name: reader.next(),
    lastDeliveredId: readId(reader),
    entriesRead: reader.optionalNumber() ?? null,
    consumers: byHex(
      reader.many(() => ({
        name: reader.next(),
        seenAt: reader.number(),
        activeAt: reader.optionalNumber() ?? null,
      })),
      ({ name }) => name,
    ),
    pending: new Map(
      reader.many(() => {
        const pending = { id: readId(reader), consumerId: reader.text() };
        return [idText(pending.id), { ...pending, deliveredAt: reader.number(), deliveryCount: reader.number() }];
      }),
    ),
  }));
  return byHex(groups, ({ name }) => name);
}

/** The server keeps members under the hexadecimal form of their bytes. */
function byHex<T>(items: readonly T[], nameOf: (item: T) => Buffer): Map<string, T> {
  return new Map(items.map((item) => [nameOf(item).toString('hex'), item]));
}

function idText({ ms, seq }: StreamId): string {
  return `${ms}-${seq}`;
}

function readId(reader: WordReader): StreamId {
  const [ms = '', seq = ''] = reader.text().split('-');
  return { ms: BigInt(ms), seq: BigInt(seq) };
}
