import { joinBytes } from '@ccg/wire';
import { UpstreamCallError } from './call-error.ts';
import type { Dispatcher } from 'undici';

/** Takes a chunk; a returned promise pauses the upstream until it resolves, a rejection aborts the call. */
export type ChunkReceiver = (chunk: Uint8Array) => Promise<void> | undefined;

/** The body of an answer, to be read once, by either method. */
export interface UpstreamBody {
  /** Hands over every chunk in order. Rejects with `UpstreamCallError` when the body does not end cleanly. */
  pipe(receive: ChunkReceiver): Promise<void>;
  /** The whole body. Rejects with `UpstreamCallError` `too-large` above `maxBytes`. */
  collect(maxBytes: number): Promise<Uint8Array>;
  /** Ends the call, unless it has ended: what is still to come is wanted no more. */
  abort(): void;
}

/**
 * The side of a body that the HTTP client feeds. What it found in one read of the socket, often a chunk for each token,
 * is handed over as one: everything from here to the reader's socket has its price for each piece.
 */
export class BodyFeed implements UpstreamBody {
  readonly #controller: Dispatcher.DispatchController;
  #arrived: Uint8Array[] = [];
  #receive: ChunkReceiver | undefined;
  #ended = false;
  #scheduled = false;
  #waiting = false;
  #failure: UpstreamCallError | undefined;
  #settle: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(controller: Dispatcher.DispatchController) {
    this.#controller = controller;
  }

  pipe(receive: ChunkReceiver): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#receive = receive;
      this.#settle = { resolve, reject };
      this.#handOver();
      if (!this.#waiting) this.#controller.resume();
    });
  }

  collect(maxBytes: number): Promise<Uint8Array> {
    return collectBody((receive) => this.pipe(receive), maxBytes);
  }

  abort(): void {
    if (!this.#ended && this.#failure === undefined) this.#controller.abort(new UpstreamCallError('aborted'));
  }

  push(chunk: Uint8Array): void {
    if (this.#failure !== undefined) return;
    this.#arrived.push(chunk);
    if (this.#receive === undefined || this.#waiting) {
      this.#controller.pause();
      return;
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#handOver();
    });
  }

  end(): void {
    this.#ended = true;
    this.#finish();
  }

  fail(error: UpstreamCallError): void {
    if (error.kind === 'aborted') this.#arrived = [];
    this.#failure ??= error;
    this.#finish();
  }

  #handOver(): void {
    const room = this.#offer();
    if (room === undefined) {
      this.#finish();
      return;
    }
    this.#waiting = true;
    this.#controller.pause();
    room.then(
      () => {
        this.#waiting = false;
        this.#handOver();
        if (!this.#waiting) this.#controller.resume();
      },
      (error: unknown) => {
        this.#abandon(error);
      },
    );
  }

  #offer(): Promise<void> | undefined {
    if (this.#receive === undefined || this.#waiting || this.#arrived.length === 0) return undefined;
    try {
      return this.#receive(joinBytes(this.#arrived.splice(0)));
    } catch (error) {
      // Nobody above would catch it: this runs in a microtask.
      this.#abandon(error);
      return undefined;
    }
  }

  #abandon(error: unknown): void {
    this.#arrived = [];
    this.#failure = error instanceof UpstreamCallError ? error : new UpstreamCallError('aborted', error);
    this.#waiting = false;
    this.#finish();
    this.#controller.abort(this.#failure);
  }

  /** Settles once everything that arrived has been handed over. */
  #finish(): void {
    if (this.#settle === undefined || this.#waiting || this.#arrived.length > 0) return;
    if (this.#failure !== undefined) this.#settle.reject(this.#failure);
    else if (this.#ended) this.#settle.resolve();
  }
}

/** The whole of a body that is piped. */
export async function collectBody(pipe: UpstreamBody['pipe'], maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  await pipe((chunk) => {
    size += chunk.length;
    if (size > maxBytes) return Promise.reject(new UpstreamCallError('too-large'));
    chunks.push(chunk);
    return undefined;
  });
  return joinBytes(chunks);
}
