import { createResponseSink } from '@ccg/edge';
import type { Exchange, OpenSinks, SinkTimes, Target } from '@ccg/edge';
import type { Clock } from '@ccg/kernel';
import { z } from 'zod';
import { csvLine } from './csv.ts';

export interface ExportDependencies {
  readonly clock: Clock;
  /** The exports under way, to be ended when the process must go. */
  readonly openSinks: OpenSinks;
}

/** How a list is written as lines. */
export interface LineForm {
  readonly contentType: string;
  /** Stands before the items. */
  readonly head: string;
  lineOf(item: unknown): string;
}

/** @internal */
export const jsonLines: LineForm = {
  contentType: 'application/jsonl',
  head: '',
  lineOf: (item) => `${JSON.stringify(item)}\n`,
};

/** The form of lines in which all of a list is asked for; undefined where a page of it is. */
export function lineFormOf(
  { request, target }: Exchange<Target>,
  { lines, csv }: { readonly lines?: unknown; readonly csv?: readonly string[] },
): LineForm | undefined {
  const accepted = (request.headers.accept ?? '').toLowerCase();
  const format = new URLSearchParams(target.query).get('format');
  const isAsked = (name: string, type: string) => format === name || (format === null && accepted.includes(type));
  if (lines !== undefined && isAsked('jsonl', jsonLines.contentType)) return jsonLines;
  if (csv === undefined || !isAsked('csv', 'text/csv')) return undefined;
  return {
    contentType: 'text/csv; charset=utf-8; header=present',
    head: csvLine(csv, Object.fromEntries(csv.map((column) => [column, column]))),
    lineOf: (item) => csvLine(csv, item),
  };
}

const headers = { 'cache-control': 'no-store', 'x-accel-buffering': 'no' };

/** Nothing is written ahead of its reader, so an export of any size takes the memory of one page. */
const times: SinkTimes = { streamHoldMs: 0, pingIntervalMs: 0, stallTimeoutMs: 60_000 };

const page = z.object({ items: z.array(z.unknown()), nextCursor: z.string().optional() });
const pageSize = '200';

/**
 * Writes a list from the cursor of the request on, a page after the other. What fails after the first page cuts the
 * connection, so that nobody takes the part for the whole.
 */
export async function exportLines(
  { request, response, requestId }: Exchange<Target>,
  { contentType, head, lineOf }: LineForm,
  readPage: (changes: Readonly<Record<string, string>>) => Promise<unknown>,
  { clock, openSinks }: ExportDependencies,
): Promise<void> {
  let current = page.parse(await readPage({ limit: pageSize }));
  const sink = createResponseSink(response, requestId, times, clock);
  const close = openSinks.add(sink);
  try {
    // Not by the sink, whose headers are those of an answer that may be kept.
    response.writeHead(200, { 'request-id': requestId, 'content-type': contentType, ...headers });
    if (request.method !== 'HEAD') await sink.write(Buffer.from(head));
    while (request.method !== 'HEAD') {
      sink.signal.throwIfAborted();
      await sink.write(Buffer.from(current.items.map(lineOf).join('')));
      if (current.nextCursor === undefined) break;
      current = page.parse(await readPage({ limit: pageSize, cursor: current.nextCursor }));
    }
    await sink.end();
  } catch (thrown) {
    response.destroy();
    throw thrown;
  } finally {
    close();
    sink.release();
  }
}
