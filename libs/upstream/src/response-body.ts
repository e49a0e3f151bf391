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
}

/** The side of a body that the HTTP client feeds. */
export class BodyFeed implements UpstreamBody {
  readonly #controller: Dispatcher.DispatchController;
  #early: Uint8Array[] = [];
  #receive: ChunkReceiver | undefined;
  #ended = false;
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
      const early = this.#early;
      this.#early = [];
      for (const chunk of early) this.push(chunk);
      this.#finish();
      if (this.#early.length === 0 && !this.#waiting) this.#controller.resume();
    });
  }

  async collect(maxBytes: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    await this.pipe((chunk) => {
      size += chunk.length;
      if (size > maxBytes) return Promise.reject(new UpstreamCallError('too-large'));
      chunks.push(chunk);
      return undefined;
    });
    return Buffer.concat(chunks, size);
  }

  push(chunk: Uint8Array): void {
    if (this.#failure !== undefined) return;
    if (this.#receive === undefined || this.#waiting) {
      this.#early.push(chunk);
      this.#controller.pause();
      return;
    }
    const room = this.#receive(chunk);
    if (room === undefined) return;
    this.#waiting = true;
    this.#controller.pause();
    room.then(
      () => {
        this.#resume();
      },
      (error: unknown) => {
        this.#abandon(error);
      },
    );
  }

  end(): void {
    this.#ended = true;
    this.#finish();
  }

  fail(error: UpstreamCallError): void {
    if (error.kind === 'aborted') this.#early = [];
    this.#failure ??= error;
    this.#finish();
  }

  #resume(): void {
    this.#waiting = false;
    while (this.#early.length > 0 && !this.#waiting) {
      const chunk = this.#early.shift();
      if (chunk !== undefined) this.push(chunk);
    }
    this.#finish();
    if (!this.#waiting) this.#controller.resume();
  }

  #abandon(error: unknown): void {
    this.#early = [];
    this.#failure = error instanceof UpstreamCallError ? error : new UpstreamCallError('aborted', error);
    this.#waiting = false;
    this.#finish();
    this.#controller.abort(this.#failure);
  }

  /** Settles once everything that arrived has been handed over. */
  #finish(): void {
    if (this.#settle === undefined || this.#waiting || this.#early.length > 0) return;
    if (this.#failure !== undefined) this.#settle.reject(this.#failure);
    else if (this.#ended) this.#settle.resolve();
  }
}
