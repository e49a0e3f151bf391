import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Transform } from 'node:stream';
import { GatewayError, ReaderGoneError, systemClock, toGatewayError } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import { joinBytes } from '@ccg/wire';
import { beginBody, invalidUtf8, tooLarge, undecodable } from './body-head.ts';
import type { BodyLimit } from './body-head.ts';
import type { BodyAccount } from './body-memory.ts';

interface ReadOptions {
  /** The limit of the Anthropic API, which its clients rely on, unless given. */
  readonly limit?: BodyLimit;
  /** Counts what is held of the body; whoever opened it releases it, also where the body cannot be read. */
  readonly account?: BodyAccount | undefined;
  readonly clock?: Clock;
}

/** How long the upload of a whole body may take. */
const uploadTimeoutMs = 120_000;

const messagesLimit: BodyLimit = {
  maxBytes: 32 * 1024 * 1024,
  tooLarge:
    'The request is larger than 32 MB, or would be after decoding. Shorten the conversation or the attachments.',
};

/**
 * Reads a whole JSON body, bounded before and after decoding (gzip, deflate, br, zstd). What the headers alone rule out
 * is refused before a byte is read, and before a client that asked is told to continue.
 *
 * Returns a function that hands the body over, once: nothing here keeps it after that.
 *
 * @throws GatewayError 400, 413 or 415 for a body that cannot be read, 408 for one that takes more than two minutes, 529
 * for one that the account has no room for; ReaderGoneError when the upload broke off.
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  { limit = messagesLimit, account, clock = systemClock }: ReadOptions = {},
): Promise<() => Uint8Array> {
  // At least a byte: without any room nothing is read of a body of unknown length.
  const decoder = beginBody(request, response, limit, (announcedBytes) => {
    account?.expect(Math.max(1, announcedBytes));
  });
  let body = await collect(request, decoder, { limit, account, clock });
  if (!isUtf8(body)) throw invalidUtf8();
  return () => {
    const taken = body;
    body = new Uint8Array();
    return taken;
  };
}

/** Collects the decoded body. On a failure the rest of the upload is left unread: the error's answer deals with it. */
function collect(
  request: IncomingMessage,
  decoder: Transform | undefined,
  { limit, account, clock }: ReadOptions & { readonly limit: BodyLimit; readonly clock: Clock },
): Promise<Uint8Array> {
  const source = decoder ?? request;
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  let chunks: Uint8Array[] = [];
  let length = 0;

  const onData = (chunk: Uint8Array) => {
    length += chunk.length;
    if (length > limit.maxBytes) {
      fail(tooLarge(limit));
      return;
    }
    try {
      account?.take(chunk.length);
      chunks.push(chunk);
    } catch (full) {
      fail(toGatewayError(full));
    }
  };
  const onEnd = () => {
    resolve(joinBytes(chunks));
    if (chunks.length > 1 && decoder === undefined) chunks.forEach(freeMemory);
    stop();
  };
  const onClosed = () => {
    // A complete upload closes too, before a decoder has given its last bytes.
    if (!request.readableEnded) fail(new ReaderGoneError('client-gone'));
  };
  const onUndecodable = (cause: unknown) => {
    fail(undecodable(cause));
  };

  function fail(error: Error): void {
    reject(error);
    stop();
    request.pause();
  }

  function stop(): void {
    cancelTimeout();
    chunks = [];
    source.off('data', onData).off('end', onEnd);
    // Both streams may fail later, when nobody else listens. A listener of this function would keep the body until then.
    request.off('close', onClosed).off('error', onClosed).on('error', ignoreLateFailure);
    if (decoder === undefined) return;
    request.unpipe(decoder);
    decoder.off('error', onUndecodable).on('error', ignoreLateFailure).destroy();
  }

  // Most bodies have arrived by now.
  const cancelTimeout = request.complete
    ? () => {}
    : clock.schedule(uploadTimeoutMs, () => {
        fail(tooSlow());
      });
  source.on('data', onData).on('end', onEnd);
  request.on('close', onClosed).on('error', onClosed);
  if (decoder !== undefined) request.pipe(decoder.on('error', onUndecodable));
  if (request.destroyed) onClosed();
  return promise;
}

function tooSlow(): GatewayError {
  const message = `The request did not arrive completely within ${uploadTimeoutMs / 1000} s. Check the connection and send it again.`;
  return new GatewayError('request-timeout', message);
}

/**
 * Frees a chunk that nobody else has. Left to the garbage collector the chunks of a large body would be as much garbage
 * as the body itself, and V8 marks its whole heap for every 64 MB of such memory.
 */
function freeMemory({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

function ignoreLateFailure(): void {}
