import type { Trace, Tracing } from '@ccg/telemetry';
import type { RequestRecord } from './record.ts';
import type { ResponseSink, ServeRequest } from './request.ts';

type Answer = (request: ServeRequest, sink: ResponseSink) => Promise<RequestRecord>;

/** Answers a request that is a part of a trace: its calls are told where they stand, and its record says so to the reporter. */
export async function answerTraced(
  request: ServeRequest,
  sink: ResponseSink,
  answer: Answer,
  { tracing, trace }: { readonly tracing: Tracing; readonly trace: Trace },
): Promise<RequestRecord> {
  const traced = { ...request, trace: { trace, newSpanId: tracing.newSpanId } };
  if (!tracing.content || !trace.isSampled) {
    return { ...(await answer(traced, sink)), traced: { trace, content: undefined } };
  }
  const [asked, told] = [createText(), createText()];
  const takeBody = () => {
    const body = request.takeBody();
    asked.add(body);
    return body;
  };
  const record = await answer({ ...traced, takeBody }, listeningSink(sink, told));
  return { ...record, traced: { trace, content: { request: asked.text(), answer: told.text() } } };
}

/** More of a body is not told. */
const contentMaxBytes = 64 * 1024;

interface Text {
  add(data: string | Uint8Array): void;
  text(): string;
}

function createText(): Text {
  const parts: Buffer[] = [];
  let bytes = 0;
  return {
    add(data) {
      if (bytes >= contentMaxBytes) return;
      // Frames are byte strings: one character for each byte.
      const part = typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data);
      parts.push(part.subarray(0, contentMaxBytes - bytes));
      bytes += part.length;
    },
    text: () => Buffer.concat(parts).toString('utf8'),
  };
}

/** The same sink. What goes into it is kept, too. */
function listeningSink(sink: ResponseSink, told: Text): ResponseSink {
  return {
    signal: sink.signal,
    get committed() {
      return sink.committed;
    },
    expectStream: () => {
      sink.expectStream();
    },
    addHeaders: (headers) => {
      sink.addHeaders(headers);
    },
    commit: (status, headers) => {
      sink.commit(status, headers);
    },
    write(data) {
      told.add(data);
      return sink.write(data);
    },
    end(last) {
      if (last !== undefined) told.add(last);
      return sink.end(last);
    },
  };
}
