import type { RedisDatabase } from 'js-redis-server/core';

import { shellQuote } from '../../shell-quote.ts';
import { applyBatch, decodeBatch } from './changes.ts';
import type { Image } from './changes.ts';
import { readJournal } from './journal-file.ts';
import { readRecords } from './record.ts';

/** The journal cannot be used, and what to do about it. */
export class JournalRefusedError extends Error {
  override readonly name = 'JournalRefusedError';
}

/**
 * Fills an empty database from its journal, where there is one. `say` gets a line about an end that a crash cut off.
 *
 * @throws JournalRefusedError when the file cannot be read or is damaged: nothing is loaded in half.
 */
export function restoreJournal(path: string, db: RedisDatabase, say: (line: string) => void): void {
  const image = readImage(path, say);
  const now = Date.now();
  for (const { key, value, expiresAt } of image.values()) {
    if (expiresAt === undefined) db.set(key, value);
    else if (expiresAt > now) db.set(key, value, { expiresAt });
  }
}

function readImage(path: string, say: (line: string) => void): Image {
  const file = readWhole(path);
  if (file === undefined) return new Map();
  const { payloads, end } = readRecords(file);
  const { image, lastWrittenAt } = readBatches(path, payloads);
  // The first record was on the disk before the file got its name, so no crash cuts it off or leaves an empty file.
  if (lastWrittenAt === undefined) throw damaged(path, 0, lastWrittenAt);
  if (end.kind === 'whole') return image;
  if (end.kind === 'damaged') throw damaged(path, end.offset, lastWrittenAt);
  say(
    `The last ${file.length - end.offset} bytes of the store's journal ${path} are not used: a crash cut them off while they were written.`,
  );
  return image;
}

function readWhole(path: string): Buffer | undefined {
  try {
    return readJournal(path);
  } catch (thrown) {
    throw new JournalRefusedError(
      `The store's journal ${path} cannot be read (${messageOf(thrown)}). Make it readable, or move it away to begin with an empty store.`,
    );
  }
}

function readBatches(path: string, payloads: readonly Buffer[]) {
  const image: Image = new Map();
  let lastWrittenAt: number | undefined;
  try {
    for (const payload of payloads) {
      const batch = decodeBatch(payload);
      applyBatch(image, batch);
      lastWrittenAt = batch.writtenAt;
    }
  } catch (thrown) {
    throw new JournalRefusedError(
      `The store's journal ${path} was written by another version of the gateway (${messageOf(thrown)}). Start that version, or move the file away to begin with an empty store.`,
    );
  }
  return { image, lastWrittenAt };
}

function damaged(path: string, offset: number, lastWrittenAt: number | undefined): JournalRefusedError {
  const remedy =
    lastWrittenAt === undefined
      ? 'move it away to begin with an empty store, in which only the first API key works.'
      : `give up what was written after ${new Date(lastWrittenAt).toISOString()}: truncate -s ${offset} ${shellQuote(path, 'always')}`;
  return new JournalRefusedError(
    `The store's journal ${path} is damaged at byte ${offset}. Put back a copy of it, or ${remedy}`,
  );
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
