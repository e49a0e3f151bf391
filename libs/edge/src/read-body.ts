import express from 'express';
import type { Request, Response } from 'express';
import { GatewayError, ReaderGoneError } from '@ccg/kernel';

/** What the Anthropic API accepts, and its clients assume. */
const bodyMaxBytes = 32 * 1024 * 1024;

const readRaw = express.raw({ type: () => true, limit: bodyMaxBytes, inflate: true });

/**
 * Reads a whole JSON body, bounded before and after inflation (gzip, deflate, br, zstd), and gives what hands it
 * over: the request keeps nothing of it then.
 *
 * @throws GatewayError 400, 413 or 415 for a body that cannot be read; ReaderGoneError when the upload broke off.
 */
export async function readBody(request: Request, response: Response): Promise<() => Uint8Array> {
  refuseOtherTypes(request.headers['content-type']);
  await new Promise<void>((resolve, reject) => {
    readRaw(request, response, (error: unknown) => {
      if (error === undefined) resolve();
      else reject(translateError(error));
    });
  });
  return () => {
    const body: unknown = request.body;
    request.body = undefined;
    return body instanceof Uint8Array ? body : new Uint8Array();
  };
}

function refuseOtherTypes(contentType: string | undefined): void {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';');
  const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith('charset='));
  const isJson = type.trim() === 'application/json';
  const isUtf8 = charset === undefined || /^charset="?(?:utf-?8|us-ascii)"?$/u.test(charset);
  if (isJson && isUtf8) return;
  throw new GatewayError(
    'unsupported-media-type',
    'The body must be JSON in UTF-8: send "content-type: application/json".',
  );
}

function translateError(error: unknown): Error {
  const { type, status } = describe(error);
  if (type === 'entity.too.large' || status === 413) {
    return new GatewayError(
      'request-too-large',
      'The request is larger than 32 MB, after decoding. Send less: shorten the conversation or the attachments.',
    );
  }
  if (type === 'encoding.unsupported') {
    return new GatewayError(
      'unsupported-media-type',
      'The content-encoding is not supported. Send the body uncompressed, or as gzip, deflate, br or zstd.',
    );
  }
  if (type === 'request.aborted') return new ReaderGoneError('client-gone');
  if (type === 'request.size.invalid') {
    return new GatewayError('request-invalid', 'The body is not as long as its content-length says. Send it again.');
  }
  return new GatewayError(
    'encoding-invalid',
    'The body cannot be decoded as its content-encoding says. Send it uncompressed, or compress it again.',
    { cause: error },
  );
}

function describe(error: unknown): { type: unknown; status: unknown } {
  if (typeof error !== 'object' || error === null) return { type: undefined, status: undefined };
  return { type: 'type' in error ? error.type : undefined, status: 'status' in error ? error.status : undefined };
}
