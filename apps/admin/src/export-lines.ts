import { createResponseSink } from '@ccg/edge';
import type { Exchange, OpenSinks, SinkTimes, Target } from '@ccg/edge';
import type { Clock } from '@ccg/kernel';
import { z } from 'zod';

export interface ExportDependencies {
  readonly clock: Clock;
  /** The exports under way, to be ended when the process must go. */
  readonly openSinks: OpenSinks;
}

const contentType = 'application/jsonl';
const headers = { 'cache-control': 'no-store', 'x-accel-buffering': 'no' };

/** Whether all of a list is asked for, one item a line. */
export function wantsLines({ request, target }: Exchange<Target>): boolean {
  const accepted = (request.headers.accept ?? '').toLowerCase();
  return new URLSearchParams(target.query).get('format') === 'jsonl' || accepted.includes(contentType);
}

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
  readPage: (changes: Readonly<Record<string, string>>) => Promise<unknown>,
  { clock, openSinks }: ExportDependencies,
): Promise<void> {
  let current = page.parse(await readPage({ limit: pageSize }));
  const sink = createResponseSink(response, requestId, times, clock);
  const close = openSinks.add(sink);
  try {
    // Not by the sink, whose headers are those of an answer that may be kept.
    response.writeHead(200, { 'request-id': requestId, 'content-type': contentType, ...headers });
    while (request.method !== 'HEAD') {
      sink.signal.throwIfAborted();
      await sink.write(linesOf(current.items));
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

function linesOf(items: readonly unknown[]): Uint8Array {
  return Buffer.from(items.map((item) => `${JSON.stringify(item)}\n`).join(''));
}
