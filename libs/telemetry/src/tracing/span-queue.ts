import type { Clock } from '@ccg/kernel';

interface SpanQueueOptions<Span> {
  readonly clock: Clock;
  /** Gives why the collector did not take them; undefined where it did. Never rejects. */
  readonly send: (spans: Span[]) => Promise<string | undefined>;
  /** Called with how many spans are lost, and why: the queue is full, or the collector did not take them. */
  readonly onDropped: (count: number, reason: string) => void;
}

/** Spans on their way to a collector. */
export interface SpanQueue<Span> {
  /** Takes spans, or drops them where there is no room. It never waits. */
  push(spans: readonly Span[]): void;
  /** Sends what waits, for so long at most. What is left then is dropped. Never rejects. */
  close(timeoutMs: number): Promise<void>;
}

/** @internal */
export const queueMaxSpans = 2048;
const batchMaxSpans = 512;
const intervalMs = 5000;

/** A bounded queue: a collector that is slow or away costs spans, and never a request its time. */
export function createSpanQueue<Span>({ clock, send, onDropped }: SpanQueueOptions<Span>): SpanQueue<Span> {
  let waiting: Span[] = [];
  let sending: Promise<void> | undefined;
  let isScheduled = false;
  let isClosed = false;

  function schedule(): void {
    if (isScheduled || isClosed || waiting.length === 0) return;
    isScheduled = true;
    clock.schedule(intervalMs, () => {
      isScheduled = false;
      void flush().then(schedule);
    });
  }

  async function sendAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchMaxSpans);
      waiting = waiting.slice(batchMaxSpans);
      const reason = await send(batch);
      if (reason !== undefined) onDropped(batch.length, reason);
    }
  }

  function flush(): Promise<void> {
    sending ??= sendAll().finally(() => {
      sending = undefined;
    });
    return sending;
  }

  return {
    push(spans) {
      if (waiting.length + spans.length > queueMaxSpans) {
        onDropped(spans.length, `it is too slow: ${queueMaxSpans} spans wait for it`);
        return;
      }
      waiting.push(...spans);
      if (waiting.length >= batchMaxSpans) void flush();
      else schedule();
    },
    async close(timeoutMs) {
      let cancel = (): void => {};
      const timeIsOver = new Promise<void>((resolve) => {
        cancel = clock.schedule(timeoutMs, resolve);
      });
      await Promise.race([flush(), timeIsOver]);
      cancel();
      isClosed = true;
      if (waiting.length > 0) onDropped(waiting.length, 'the process ended before it took them');
      waiting = [];
    },
  };
}
