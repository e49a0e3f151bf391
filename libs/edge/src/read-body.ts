import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { GatewayError, ReaderGoneError, toGatewayError } from '@ccg/kernel';
import { joinBytes } from '@ccg/wire';
import type { BodyAccount } from './body-memory.ts';

/** How large a body may be, and what is said of one that is larger. */
export interface BodyLimit {
  readonly maxBytes: number;
  readonly tooLarge: string;
}

interface ReadOptions {
  /** The limit of the Anthropic API, which its clients rely on, unless given. */
  readonly limit?: BodyLimit;
  /** Counts what is held of the body; whoever opened it releases it, also where the body cannot be read. */
  readonly account?: BodyAccount | undefined;
}

const messagesLimit: BodyLimit = {
  maxBytes: 32 * 1024 * 1024,
  tooLarge:
    'The request is larger than 32 MB, or would be after decoding. Shorten the conversation or the attachments.',
};

const decoders: Readonly<Record<string, (() => Transform) | undefined>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/**
 * Reads a whole JSON body, bounded before and after decoding (gzip, deflate, br, zstd). What the headers alone rule out
 * is refused before a byte is read, and before a client that asked is told to continue.
 *
 * Returns a function that hands the body over, once: nothing here keeps it after that.
 *
 * @throws GatewayError 400, 413 or 415 for a body that cannot be read, 529 for one that the account has no room for;
 * ReaderGoneError when the upload broke off.
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  { limit = messagesLimit, account }: ReadOptions = {},
): Promise<() => Uint8Array> {
  refuseOtherTypes(request.headers['content-type']);
  const announcedBytes = Number(request.headers['content-length'] ?? 0);
  if (announcedBytes > limit.maxBytes) throw tooLarge(limit);
  const decoder = createDecoder(request.headers['content-encoding']);
  // At least a byte: without any room nothing is read of a body of unknown length.
  account?.expect(Math.max(1, announcedBytes));
  if (awaitsContinue(request)) response.writeContinue();
  let body = await collect(request, decoder, { limit, account });
  if (!isUtf8(body)) {
    throw new GatewayError(
      'encoding-invalid',
      'The body is not valid UTF-8. Encode the JSON as UTF-8 and send it again.',
    );
  }
  return () => {
    const taken = body;
    body = new Uint8Array();
    return taken;
  };
}

function refuseOtherTypes(contentType: string | undefined): void {
  if (contentType === 'application/json') return;
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';');
  const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith('charset='));
  const isJson = type.trim() === 'application/json';
  const isUtf8Charset = charset === undefined || /^charset="?(?:utf-?8|us-ascii)"?$/u.test(charset);
  if (isJson && isUtf8Charset) return;
  const isMissing = (contentType ?? '').trim() === '';
  throw new GatewayError(
    'unsupported-media-type',
    isMissing
      ? 'The header content-type is missing. Send "content-type: application/json" with a body in UTF-8.'
      : 'The body must be JSON in UTF-8. Send it with the header "content-type: application/json".',
  );
}

function createDecoder(contentEncoding: string | undefined): Transform | undefined {
  const encoding = (contentEncoding ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '') return undefined;
  const create = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
  if (create !== undefined) return create();
  throw new GatewayError(
    'unsupported-media-type',
    'This content-encoding is not supported. Send the body uncompressed, or as gzip, deflate, br or zstd.',
  );
}

/** Whether the client sends its body only after it was told to. */
function awaitsContinue({ headers, httpVersion }: IncomingMessage): boolean {
  return httpVersion === '1.1' && /(?:^|\W)100-continue(?:$|\W)/iu.test(headers.expect ?? '');
}

/** Collects the decoded body. On a failure the rest of the upload is left unread: the error's answer deals with it. */
function collect(
  request: IncomingMessage,
  decoder: Transform | undefined,
  { limit, account }: ReadOptions & { readonly limit: BodyLimit },
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
    chunks = [];
    source.off('data', onData).off('end', onEnd);
    // Both streams may fail later, when nobody else listens. A listener of this function would keep the body until then.
    request.off('close', onClosed).off('error', onClosed).on('error', ignoreLateFailure);
    if (decoder === undefined) return;
    request.unpipe(decoder);
    decoder.off('error', onUndecodable).on('error', ignoreLateFailure).destroy();
  }

  source.on('data', onData).on('end', onEnd);
  request.on('close', onClosed).on('error', onClosed);
  if (decoder !== undefined) request.pipe(decoder.on('error', onUndecodable));
  if (request.destroyed) onClosed();
  return promise;
}

/**
 * Frees a chunk that nobody else has. Left to the garbage collector the chunks of a large body would be as much garbage
 * as the body itself, and V8 marks its whole heap for every 64 MB of such memory.
 */
function freeMemory({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

function ignoreLateFailure(): void {}

function tooLarge(limit: BodyLimit): GatewayError {
  return new GatewayError('request-too-large', limit.tooLarge);
}

function undecodable(cause: unknown): GatewayError {
  return new GatewayError(
    'encoding-invalid',
    'The body cannot be decoded as its content-encoding says. Send it uncompressed, or compress it again.',
    { cause },
  );
}
