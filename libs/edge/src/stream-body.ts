import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { GatewayError, ReaderGoneError } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import { beginBody, invalidUtf8, tooLarge, undecodable } from './body-head.ts';
import type { BodyLimit } from './body-head.ts';

interface StreamBodyOptions {
  readonly limit: BodyLimit;
  /** How long a client may send nothing. */
  readonly stallTimeoutMs: number;
  readonly clock: Clock;
}

/**
 * Gives a JSON body as it arrives, decoded, in pieces that end with whole characters of UTF-8. The client is read no faster
 * than the pieces are taken.
 *
 * @throws GatewayError 400, 413 or 415 for a body that cannot be read, 408 for a client that stalls; ReaderGoneError when the
 * upload broke off.
 */
export async function* streamBody(
  request: IncomingMessage,
  response: ServerResponse,
  { limit, stallTimeoutMs, clock }: StreamBodyOptions,
): AsyncGenerator<Uint8Array> {
  const decoder = beginBody(request, response, limit);
  const source = decoder === undefined ? request : request.pipe(decoder);
  const pieces = createPieces(request, source, { stallTimeoutMs, clock });
  const characters = createWholeCharacters();
  let length = 0;
  try {
    for (let piece = await pieces.next(); piece !== undefined; piece = await pieces.next()) {
      length += piece.length;
      if (length > limit.maxBytes) throw tooLarge(limit);
      const whole = characters.push(piece);
      if (whole.length > 0) yield whole;
    }
    characters.end();
  } finally {
    pieces.stop();
    if (decoder !== undefined) {
      request.unpipe(decoder);
      decoder.destroy();
    }
    // The answer of an error deals with the rest.
    request.pause();
  }
}

/** Reads what has arrived, or waits for more. */
function createPieces(
  request: IncomingMessage,
  source: Readable,
  { stallTimeoutMs, clock }: Omit<StreamBodyOptions, 'limit'>,
) {
  let fault: Error | undefined;
  let hasEnded = false;
  let wake = () => {};
  const wakeUp = () => {
    wake();
  };
  const fail = (error: Error) => {
    fault ??= error;
    wake();
  };
  const onEnd = () => {
    hasEnded = true;
    wake();
  };
  const onClosed = () => {
    // A complete upload closes too, before a decoder has given its last bytes.
    if (!request.readableEnded) fail(new ReaderGoneError('client-gone'));
  };
  const onUndecodable = (cause: unknown) => {
    fail(undecodable(cause));
  };
  source.on('readable', wakeUp).on('end', onEnd);
  request.on('close', onClosed).on('error', onClosed);
  if (source !== request) source.on('error', onUndecodable);
  if (request.destroyed) onClosed();

  function arrival(): Promise<void> {
    return new Promise<void>((resolve) => {
      const cancel = clock.schedule(stallTimeoutMs, () => {
        fail(stalled(stallTimeoutMs));
      });
      wake = () => {
        cancel();
        wake = () => {};
        resolve();
      };
    });
  }

  return {
    /** Undefined at the end. */
    async next(): Promise<Uint8Array | undefined> {
      for (;;) {
        if (fault !== undefined) throw fault;
        const piece: unknown = source.read();
        if (piece instanceof Uint8Array) return piece;
        if (hasEnded) return undefined;
        await arrival();
      }
    },
    stop(): void {
      source.off('readable', wakeUp).off('end', onEnd);
      request.off('close', onClosed).off('error', onClosed);
      // Both may fail later, when nobody else listens.
      for (const stream of [source, request]) stream.on('error', () => {});
    },
  };
}

function stalled(stallTimeoutMs: number): GatewayError {
  const message = `Nothing of the request arrived for ${stallTimeoutMs / 1000} s. Check the connection and send it again.`;
  return new GatewayError('request-timeout', message);
}

/** Cuts UTF-8 between characters, wherever its pieces are cut, and refuses what is none. */
function createWholeCharacters() {
  let rest: Uint8Array = new Uint8Array();
  return {
    push(piece: Uint8Array): Uint8Array {
      const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      const whole = bytes.length - bytesOfLast(bytes);
      rest = bytes.subarray(whole);
      const characters = bytes.subarray(0, whole);
      if (!isUtf8(characters)) throw invalidUtf8();
      return characters;
    },
    end(): void {
      if (rest.length > 0) throw invalidUtf8();
    },
  };
}

/** The length of a character at the end of which some bytes are missing, or 0. */
function bytesOfLast(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? back : 0;
    }
  }
  return 0;
}
