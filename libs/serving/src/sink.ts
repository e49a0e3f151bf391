import type { HeaderList } from '@ccg/wire';

/** Where an answer goes: an HTTP response at the gateway, a stored result at the worker. */
export interface ResponseSink {
  /**
   * Aborts when the answer must end early. With a `ReaderGoneError` as its reason nobody is left to tell; with
   * a `GatewayError` the client is told that error.
   */
  readonly signal: AbortSignal;
  /** Whether a status has been sent; the sink may decide that itself when the upstream is slow. */
  readonly committed: boolean;
  /** Says that the answer will be a stream: from now on the sink may commit by itself when the upstream is slow. */
  expectStream(): void;
  /** Sends status and headers, once. A second call, after the sink committed by itself, changes nothing. */
  commit(status: number, headers: HeaderList): void;
  /**
   * Takes whole frames or a body. A promise means that there is no room: it resolves when there is, and rejects
   * with `ReaderGoneError`.
   */
  write(data: string | Uint8Array): Promise<void> | undefined;
  end(): void;
}
