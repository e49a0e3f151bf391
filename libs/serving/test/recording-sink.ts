import { ReaderGoneError } from '@ccg/kernel';
import type { GatewayError } from '@ccg/kernel';
import type { ResponseSink } from '../src/index.ts';
import type { HeaderList } from '@ccg/wire';

/** A client of which the test decides when it reads, stalls and leaves. */
export interface RecordingSink extends ResponseSink {
  /** Undefined until a status was sent. */
  status(): number | undefined;
  header(name: string): string | undefined;
  /** Everything that was written so far. */
  text(): string;
  ended(): boolean;
  /** Resolves as soon as the text so far fits. */
  until(fits: (text: string) => boolean): Promise<void>;
  /** Sends 200 and a ping, as the gateway does when a provider is slow. */
  ping(): void;
  /** From now on there is no room, until `resume`. */
  stall(): void;
  resume(): void;
  leave(reason: ReaderGoneError['reason']): void;
  interrupt(error: GatewayError): void;
}

const ping = 'event: ping\ndata: {"type": "ping"}\n\n';

/** Makes a sink that keeps what it is given. */
export function createRecordingSink(): RecordingSink {
  const ending = new AbortController();
  const chunks: Buffer[] = [];
  const waiting = new Set<() => void>();
  let head: { readonly status: number; readonly headers: HeaderList } | undefined;
  let hasEnded = false;
  let stalled: PromiseWithResolvers<void> | undefined;
  const text = () => Buffer.concat(chunks).toString('utf8');
  const sink = {
    signal: ending.signal,
    committed: false,
    expectStream() {},
    addHeaders() {},
    commit(status: number, headers: HeaderList) {
      if (sink.committed) return;
      sink.committed = true;
      head = { status, headers };
    },
    write(data: string | Uint8Array) {
      const reason: unknown = ending.signal.reason;
      if (reason instanceof ReaderGoneError) return Promise.reject(reason);
      chunks.push(typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data));
      for (const check of waiting) check();
      return stalled?.promise;
    },
    end(last?: string | Uint8Array): Promise<void> | undefined {
      const room = last === undefined ? undefined : sink.write(last);
      if (room !== undefined) return room.then(() => sink.end());
      hasEnded = true;
      return undefined;
    },
    status: () => head?.status,
    header: (name: string) => head?.headers.find(([key]) => key === name)?.[1],
    text,
    ended: () => hasEnded,
    until: (fits: (text: string) => boolean) =>
      new Promise<void>((resolve) => {
        const check = () => {
          if (!fits(text())) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    ping() {
      sink.commit(200, [['content-type', 'text/event-stream; charset=utf-8']]);
      void sink.write(ping);
    },
    stall() {
      stalled = Promise.withResolvers<void>();
    },
    resume() {
      stalled?.resolve();
      stalled = undefined;
    },
    leave(reason: ReaderGoneError['reason']) {
      const error = new ReaderGoneError(reason);
      ending.abort(error);
      stalled?.reject(error);
      stalled?.promise.catch(() => {});
    },
    interrupt(error: GatewayError) {
      ending.abort(error);
    },
  };
  return sink;
}
