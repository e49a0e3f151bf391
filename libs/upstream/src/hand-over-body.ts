import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';

/** A call to be handed to the HTTP client. */
export type ComposedCall = Pick<Dispatcher.DispatchOptions, 'origin' | 'path' | 'method'> & {
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: Uint8Array | null;
};

/** A smaller body costs less memory than a stream of its own costs time. */
const largeBodyMinBytes = 16 * 1024;

/**
 * The HTTP client keeps the body of a request until its answer has ended, which takes minutes for a stream. So it gets
 * a large body as a stream that forgets it as soon as it was written.
 */
export function handOverBody({ body, headers, ...call }: ComposedCall): Dispatcher.DispatchOptions {
  if (body === null || body.length < largeBodyMinBytes) return { ...call, headers, body };
  return { ...call, headers: [...headers, 'content-length', String(body.length)], body: forgetful(body) };
}

function forgetful(body: Uint8Array): Readable {
  let rest: Uint8Array | null = body;
  return new Readable({
    read() {
      const taken = rest;
      rest = null;
      this.push(taken);
    },
  });
}
