import type { Clock } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import type { Batch, BatchRecord } from '../batch/batch-record.ts';
import type { Transitions } from '../batch/transitions.ts';
import { indexPageItems } from '../create/item-writer.ts';
import type { BatchFiles } from '../files/batch-files.ts';
import { readIndexPage } from '../items.ts';
import { createPatience } from './patience.ts';
import type { Patience } from './patience.ts';
import { resultLine } from './result-line.ts';
import { readWaiting } from './waiting-results.ts';

export interface ResultsDependencies {
  readonly store: Store;
  readonly files: BatchFiles;
  readonly transitions: Transitions;
  /** With it an outage of a store is waited out, once there was a first piece: nobody can go on with a part of the results. */
  readonly clock?: Clock | undefined;
}

const pieceBytes = 256 * 1024;

/**
 * The results of a batch that has ended, as lines of JSON in pieces of any size: one line for each item. Rejects with
 * BatchFilesError, or with an error of ours where results are removed meanwhile, so that nobody takes a part for all.
 */
export async function* readResults(deps: ResultsDependencies, batch: Batch): AsyncGenerator<Uint8Array> {
  const { record, counts } = batch;
  const patiently = createPatience(deps.clock);
  let missing = counts.succeeded + counts.errored;
  for await (const { lines, bytes } of readDone(deps, record, patiently)) {
    missing -= lines;
    yield bytes;
    patiently.begin();
  }
  if (batch.rest !== undefined && counts[batch.rest] > 0) {
    missing += counts[batch.rest];
    for await (const { lines, bytes } of readRest(deps, record, { rest: batch.rest, patiently })) {
      missing -= lines;
      yield bytes;
      patiently.begin();
    }
  }
  if (missing !== 0) throw new Error('Results of the batch were removed while they were read.');
}

interface Piece {
  readonly lines: number;
  readonly bytes: Uint8Array;
}

/** Files first, then what waits in Redis. What waits may be moved into a file at any time: then its first lines are skipped. */
async function* readDone(
  { store, files }: ResultsDependencies,
  record: BatchRecord,
  patiently: Patience,
): AsyncGenerator<Piece> {
  let knownFiles = 0;
  let told = 0;
  for (;;) {
    const from = told;
    const waiting = await patiently(() => readWaiting(store, record, { knownFiles, from, maxBytes: pieceBytes }));
    if (waiting.kind === 'results') {
      if (waiting.lines.length === 0) return;
      told += waiting.lines.length;
      yield { lines: waiting.lines.length, bytes: Buffer.from(`${waiting.lines.join('\n')}\n`) };
    } else {
      const content = Buffer.from(await patiently(() => files.read(record, waiting.name)));
      knownFiles += 1;
      const { lines, from: next, inFile } = linesAfter(content, told);
      told = Math.max(0, told - inFile);
      if (lines > 0) yield { lines, bytes: content.subarray(next) };
    }
  }
}

/** How many lines there are in all and after the first ones, and where these begin. */
function linesAfter(content: Buffer, skipped: number) {
  let inFile = 0;
  let from = 0;
  for (let at = content.indexOf(0x0a); at !== -1; at = content.indexOf(0x0a, at + 1)) {
    inFile += 1;
    if (inFile === skipped) from = at + 1;
  }
  return { inFile, lines: Math.max(0, inFile - skipped), from };
}

/** What had no result when the batch ended: the ids stand in the index. */
async function* readRest(
  { files, transitions }: ResultsDependencies,
  record: BatchRecord,
  { rest, patiently }: { readonly rest: 'canceled' | 'expired'; readonly patiently: Patience },
): AsyncGenerator<Piece> {
  const result = JSON.stringify({ type: rest });
  let from: number | undefined = 0;
  let page = { number: -1, entries: [] as Awaited<ReturnType<typeof readIndexPage>> };
  while (from !== undefined) {
    const first: number = from;
    const { indexes, next } = await patiently(() => transitions.undone(record, first, indexPageItems, false));
    const lines: string[] = [];
    for (const index of indexes) {
      const number = Math.floor(index / indexPageItems);
      if (number !== page.number) {
        page = { number, entries: await patiently(() => readIndexPage(files, record, number)) };
      }
      lines.push(resultLine(page.entries[index % indexPageItems]?.[0] ?? '', result));
    }
    if (lines.length > 0) yield { lines: lines.length, bytes: Buffer.from(`${lines.join('\n')}\n`) };
    from = next;
  }
}
