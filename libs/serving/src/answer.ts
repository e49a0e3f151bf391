import { ReaderGoneError, toGatewayError } from '@ccg/kernel';
import type { Warning } from '@ccg/translation';
import { errorFrame, streamErrorType } from '@ccg/wire';
import type { HeaderList } from '@ccg/wire';
import type { End, Failure } from './record.ts';
import type { ResponseSink } from './request.ts';

/** What the headers of a successful answer say besides its type. */
export interface Provenance {
  readonly upstreamRequestId: string | undefined;
  readonly warnings: readonly Warning[];
}

export const jsonContentType = 'application/json';
export const streamContentType = 'text/event-stream; charset=utf-8';
const warningsMaxLength = 1000;

/** The headers of a successful answer: where it came from, and what was left out of the request. */
export function answerHeaders(contentType: string, { upstreamRequestId, warnings }: Provenance): HeaderList {
  const headers: [string, string][] = [['content-type', contentType]];
  if (upstreamRequestId !== undefined) headers.push(['x-upstream-request-id', upstreamRequestId]);
  if (warnings.length > 0) headers.push(['x-gateway-warnings', warningList(warnings)]);
  return headers;
}

function warningList(warnings: readonly Warning[]): string {
  const list = warnings.map(({ field, code }) => `${field} ${code}`).join(', ');
  // A field path holds the client's own keys, and a header takes only visible ASCII.
  return list.replace(/[^\x20-\x7e]/gu, '?').slice(0, warningsMaxLength);
}

export interface WholeAnswer {
  readonly contentType: string;
  readonly provenance: Provenance;
  readonly requestId: string;
  readonly sink: ResponseSink;
}

/** Writes an answer in one piece. Never rejects. */
export async function writeAnswer(body: string | Uint8Array, to: WholeAnswer): Promise<End> {
  const { contentType, provenance, requestId, sink } = to;
  const headers = answerHeaders(contentType, provenance);
  const isJson = contentType === jsonContentType;
  sink.commit(200, isJson ? [...headers, ['content-length', String(body.length)]] : headers);
  try {
    const room = sink.end(body);
    if (room !== undefined) await room;
    return { kind: 'completed' };
  } catch (thrown) {
    const failure = thrown instanceof ReaderGoneError ? thrown : toGatewayError(thrown);
    return await tellFailure(failure, true, requestId, sink);
  }
}

/**
 * Tells the client why its answer failed, as far as that is still possible: without a status by the caller, after one
 * as the last event of the stream. `hasContent` says whether frames of the answer itself were sent.
 */
export async function tellFailure(
  failure: Failure,
  hasContent: boolean,
  requestId: string,
  sink: ResponseSink,
): Promise<End> {
  if (failure instanceof ReaderGoneError) return { kind: 'aborted', reason: failure.reason };
  if (!sink.committed) return { kind: 'unsent', error: failure };
  try {
    const type = streamErrorType(failure, hasContent);
    await sink.end(errorFrame({ type, message: failure.publicMessage, details: failure.publicDetails }, requestId));
    return { kind: 'broken', error: failure };
  } catch {
    return { kind: 'aborted', reason: 'client-gone' };
  }
}
