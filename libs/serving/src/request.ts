import type { AdmissionRequest } from '@ccg/admission';
import type { RouteRequest } from '@ccg/catalog';
import type { TenantPrincipal } from '@ccg/tenancy';
import type { Trace } from '@ccg/telemetry';
import type { HeaderList } from '@ccg/wire';
import type { ExchangeRecording } from './recording.ts';

/** One Messages request, after authentication and with its body read. */
export interface ServeRequest {
  readonly requestId: string;
  readonly principal: TenantPrincipal;
  /**
   * Finds out again who the request acts for, when it has waited for others. Rejects with what a new request would be told.
   * Unset: what it may do is what it might do when it came.
   */
  principalNow?(this: void): Promise<TenantPrincipal>;
  readonly prefix: RouteRequest['prefix'];
  /** The client's headers, lower case; each dialect picks what it may pass on. */
  readonly headers: HeaderList;
  /** With its question mark, or empty. */
  readonly query: string;
  /** Hands the body over, once: nobody else keeps it, so that it can be freed long before the answer has ended. */
  takeBody(this: void): Uint8Array;
  /** Called when serving holds nothing of the body any more, where that is before the answer has ended. */
  bodyFreed?(this: void): void;
  /** The batch that it is an item of, and which. */
  readonly batch?: { readonly id: string; readonly index: number } | undefined;
  /** When the request arrived, in the clock's time. */
  readonly receivedAtMs: number;
  /** Milliseconds since the request arrived, with fractions. */
  elapsedMs(this: void): number;
  /** Set where the request is traced: each call to a provider is a span of its own, and is told where it stands. */
  readonly trace?: { readonly trace: Trace; newSpanId(this: void): string } | undefined;
  /** Gets the settlement of the request before it was served, in the place of Redis; not called for one that was not admitted. */
  readonly handOver?: AdmissionRequest['handOver'];
  /** Set by serving itself where exchanges are recorded. */
  readonly recording?: ExchangeRecording;
}

/** Where an answer goes: an HTTP response at the gateway, a stored result at the worker. */
export interface ResponseSink {
  /**
   * Aborts when the answer must end early. With a `ReaderGoneError` as its reason nobody is left to tell; with
   * a `GatewayError` the client is told that error.
   */
  readonly signal: AbortSignal;
  /** Whether a status has been sent. A ping sends one too, so this says nothing about the answer itself. */
  readonly committed: boolean;
  /** Says that the answer will be a stream: from now on the sink may commit by itself when the upstream is slow. */
  expectStream(this: void): void;
  /** Headers that the answer gets whoever commits it; they replace those of an earlier call. */
  addHeaders(headers: HeaderList): void;
  /** Sends status and headers, once. A second call, after the sink committed by itself, changes nothing. */
  commit(status: number, headers: HeaderList): void;
  /**
   * Takes whole frames or a body. A promise means that there is no room: it resolves when there is, and rejects
   * with `ReaderGoneError`.
   */
  write(data: string | Uint8Array): Promise<void> | undefined;
  /** Ends the answer, after its last bytes if some are given. A promise is that of `write`; the end comes after it. */
  end(last?: string | Uint8Array): Promise<void> | undefined;
}
