import type { HeaderList } from '@ccg/wire';

/** Where an answer goes: an HTTP response at the gateway, a stored result at the worker. */
export interface ResponseSink {
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Whether a status has been sent; the sink may decide that itself when the upstream is slow. */
  readonly committed: boolean;
  /** Sends status and headers, once. A second call, after the sink committed by itself, changes nothing. */
  commit(status: number, headers: HeaderList): void;
  /** Takes whole frames or a body; resolves when there is room for more, rejects when the reader is gone or stalled. */
  write(data: string | Uint8Array): Promise<void>;
  end(): void;
}
