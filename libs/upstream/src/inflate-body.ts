import type { Transform } from 'node:stream';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';
import type { HeaderList } from '@ccg/wire';
import { UpstreamCallError } from './call-error.ts';
import { collectBody } from './response-body.ts';
import type { ChunkReceiver, UpstreamBody } from './response-body.ts';

/** A content coding that can be taken off a body. */
type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';

/** How a body was coded, in the order in which the codings were applied. */
export type BodyCodings =
  | { readonly kind: 'plain' }
  | { readonly kind: 'coded'; readonly codings: readonly Coding[] }
  | { readonly kind: 'unknown'; readonly name: string };

/** No server has a reason for more; each one more multiplies what a small body can become. */
const codingsMax = 3;

/** Reads the `content-encoding` of an answer: servers compress although they were asked not to. */
export function readCodings(headers: HeaderList): BodyCodings {
  const codings: Coding[] = [];
  for (const [header, value] of headers) {
    if (header !== 'content-encoding') continue;
    for (const part of value.split(',')) {
      const name = part.trim().toLowerCase();
      const coding = codingOf[name];
      if (coding === undefined) return { kind: 'unknown', name };
      if (coding !== 'none') codings.push(coding);
    }
  }
  if (codings.length > codingsMax) return { kind: 'unknown', name: codings.join(', ') };
  return codings.length === 0 ? { kind: 'plain' } : { kind: 'coded', codings };
}

const codingOf: Readonly<Record<string, Coding | 'none' | undefined>> = {
  '': 'none',
  identity: 'none',
  none: 'none',
  // A charset in the wrong place.
  'utf-8': 'none',
  utf8: 'none',
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'br',
  zstd: 'zstd',
};

/** The body without its codings, each of them taken off piece by piece as it comes. */
export function inflateBody(body: UpstreamBody, codings: readonly Coding[]): UpstreamBody {
  return codings.reduceRight(inflated, body);
}

/** A body that names no coding, inflated if its first bytes are those of one. */
export function inflateUnlabelled(body: UpstreamBody): UpstreamBody {
  return inflated(body, 'unlabelled');
}

function inflated(body: UpstreamBody, coding: Coding | 'unlabelled'): UpstreamBody {
  const pipe = (receive: ChunkReceiver) => pipeInflated(body, coding, receive);
  return {
    pipe,
    collect: (maxBytes) => collectBody(pipe, maxBytes),
    abort() {
      body.abort();
    },
  };
}

/** What a body may become whatever its size, and how many times its size beyond that. Events repeat much, but not so much. */
const freeBytes = 16 * 1024 * 1024;
const ratioMax = 100;

async function pipeInflated(body: UpstreamBody, coding: Coding | 'unlabelled', receive: ChunkReceiver): Promise<void> {
  let inflater: Inflater | undefined;
  let taken = 0;
  let given = 0;
  const bounded: ChunkReceiver = (chunk) => {
    given += chunk.length;
    if (given > freeBytes && given > taken * ratioMax) return Promise.reject(new UpstreamCallError('too-large'));
    return receive(chunk);
  };
  try {
    await body.pipe((chunk) => {
      taken += chunk.length;
      inflater ??= createInflater(coding, chunk, bounded);
      return inflater.write(chunk);
    });
    await inflater?.end();
  } finally {
    inflater?.destroy();
  }
}

interface Inflater {
  /** Resolves when all that the chunk holds was received. */
  write(chunk: Uint8Array): Promise<void> | undefined;
  /** Rejects if the body was not whole. */
  end(): Promise<void>;
  destroy(): void;
}

function createInflater(coding: Coding | 'unlabelled', first: Uint8Array, receive: ChunkReceiver): Inflater {
  const decoder = decoderFor(coding, first);
  // Some servers say that they compress, and do not.
  if (decoder === undefined) return { write: receive, end: () => Promise.resolve(), destroy() {} };
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  let receiving: Promise<void> = Promise.resolve();
  decoder.on('error', (error) => {
    failed.reject(failureOf(error));
  });
  decoder.on('data', (chunk: Uint8Array) => {
    let room: Promise<void> | undefined;
    try {
      room = receive(chunk);
    } catch (thrown) {
      failed.reject(thrown);
      return;
    }
    if (room === undefined) return;
    decoder.pause();
    receiving = room.then(
      () => {
        decoder.resume();
      },
      (thrown: unknown) => {
        failed.reject(thrown);
      },
    );
  });
  return {
    async write(chunk) {
      const written = Promise.withResolvers<void>();
      decoder.write(chunk, () => {
        written.resolve();
      });
      await Promise.race([written.promise, failed.promise]);
      await Promise.race([receiving, failed.promise]);
    },
    async end() {
      const ended = Promise.withResolvers<void>();
      decoder.once('end', ended.resolve);
      decoder.end();
      await Promise.race([ended.promise, failed.promise]);
      await Promise.race([receiving, failed.promise]);
    },
    destroy() {
      decoder.destroy();
    },
  };
}

function decoderFor(label: Coding | 'unlabelled', first: Uint8Array): Transform | undefined {
  const coding = label === 'unlabelled' ? codingByBytes(first) : label;
  if (coding === undefined || (label !== 'unlabelled' && isPlain(first))) return undefined;
  switch (coding) {
    case 'gzip':
      return createGunzip();
    case 'deflate':
      // The standard means the form with a header; some servers send the one without.
      return hasZlibHeader(first) ? createInflate() : createInflateRaw();
    case 'br':
      return createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH });
    case 'zstd':
      return createZstdDecompress();
  }
}

/** The coding whose first bytes these are. No text begins like that; other codings have no bytes of their own. */
function codingByBytes(first: Uint8Array): Coding | undefined {
  // A first chunk may be a single byte.
  if (first[0] === 0x1f && (first[1] ?? 0x8b) === 0x8b) return 'gzip';
  return zstdBytes.every((byte, at) => first[at] === byte) ? 'zstd' : undefined;
}

const zstdBytes = [0x28, 0xb5, 0x2f, 0xfd];

/** Whether bytes that should be coded are an answer as it is. Compressed data never begins with that much text. */
function isPlain(first: Uint8Array): boolean {
  const text = Buffer.from(first.subarray(0, 16)).toString('latin1');
  return /^\s*(?:\{\s*["}]|\[\s*\{|(?:data|event|id|retry)?:|<[!h])/u.test(text) && /^[\s\x20-\x7e]+$/u.test(text);
}

/** Its low half names the method, which is always this one; no encoder begins a body without a header like that. */
function hasZlibHeader([first = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8;
}

function failureOf(error: Error & { readonly code?: unknown }): UpstreamCallError {
  return new UpstreamCallError(error.code === 'Z_BUF_ERROR' ? 'cut' : 'unreadable-coding', error);
}
