import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { GatewayError } from '@ccg/kernel';

/** How large a body may be, and what is said of one that is larger. */
export interface BodyLimit {
  readonly maxBytes: number;
  readonly tooLarge: string;
}

const decoders: Readonly<Record<string, (() => Transform) | undefined>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/**
 * Refuses what the headers of a JSON body alone rule out, before a byte is read, and before a client that asked is told
 * to continue. Gives what decodes the body, if anything must. `admit` may refuse the length that was announced, 0 for none.
 *
 * @throws GatewayError 413 or 415.
 */
export function beginBody(
  request: IncomingMessage,
  response: ServerResponse,
  limit: BodyLimit,
  admit: (announcedBytes: number) => void = () => {},
): Transform | undefined {
  refuseOtherTypes(request.headers['content-type']);
  const announcedBytes = Number(request.headers['content-length'] ?? 0);
  if (announcedBytes > limit.maxBytes) throw tooLarge(limit);
  const decoder = createDecoder(request.headers['content-encoding']);
  admit(announcedBytes);
  if (awaitsContinue(request)) response.writeContinue();
  return decoder;
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

export function tooLarge(limit: BodyLimit): GatewayError {
  return new GatewayError('request-too-large', limit.tooLarge);
}

export function undecodable(cause: unknown): GatewayError {
  return new GatewayError(
    'encoding-invalid',
    'The body cannot be decoded as its content-encoding says. Send it uncompressed, or compress it again.',
    { cause },
  );
}

export function invalidUtf8(): GatewayError {
  return new GatewayError(
    'encoding-invalid',
    'The body is not valid UTF-8. Encode the JSON as UTF-8 and send it again.',
  );
}
