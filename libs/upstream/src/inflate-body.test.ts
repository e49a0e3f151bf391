import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createDeflate,
  createDeflateRaw,
  createGzip,
  createZstdCompress,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import type { Transform } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { UpstreamCallError } from './call-error.ts';
import { inflateBody, inflateUnlabelled, readCodings } from './inflate-body.ts';
import { collectBody } from './response-body.ts';
import type { ChunkReceiver, UpstreamBody } from './response-body.ts';

const text = `data: {"choices":[{"delta":{"content":"Grüße 日本"}}]}\n\n`.repeat(300);
const maxBytes = 1024 * 1024;

const codings = [
  { how: 'gzip', label: 'gzip', code: gzipSync },
  { how: 'gzip under its old name', label: 'x-gzip', code: gzipSync },
  { how: 'gzip in capitals', label: 'GZIP', code: gzipSync },
  { how: 'deflate', label: 'deflate', code: deflateSync },
  { how: 'deflate without a header', label: 'deflate', code: deflateRawSync },
  { how: 'br', label: 'br', code: brotliCompressSync },
  { how: 'zstd', label: 'zstd', code: zstdCompressSync },
  { how: 'gzip, then br', label: 'gzip, br', code: (bytes: Uint8Array) => brotliCompressSync(gzipSync(bytes)) },
  {
    how: 'zstd, then deflate',
    label: 'zstd,deflate',
    code: (bytes: Uint8Array) => deflateSync(zstdCompressSync(bytes)),
  },
  { how: 'gzip twice', label: 'gzip, identity, gzip', code: (bytes: Uint8Array) => gzipSync(gzipSync(bytes)) },
];

describe.each(codings)('a body in $how', ({ label, code }) => {
  const coded = code(Buffer.from(text));

  test.each([1, 7, 1000, coded.length])('is inflated in chunks of %i bytes', async (size) => {
    expect(await inflatedText(label, chunksOf(coded, size))).toBe(text);
  });

  test.each([1, 6, 20])('is cut if its last %i bytes are missing', async (missing) => {
    const read = inflatedText(label, [coded.subarray(0, coded.length - missing)]);
    await expect(read).rejects.toMatchObject({ kind: 'cut' });
  });

  test('counts as large as it becomes', async () => {
    const body = bodyOf([code(Buffer.alloc(2 * maxBytes, 'a b'))]);
    await expect(inflate(label, body).collect(maxBytes)).rejects.toMatchObject({ kind: 'too-large' });
  });

  test('is read as it is if it was never compressed', async () => {
    expect(await inflatedText(label, chunksOf(Buffer.from(text), 1000))).toBe(text);
  });

  test('ends as it ended below', async () => {
    const body = bodyOf([coded], new UpstreamCallError('idle-timeout'));
    await expect(inflate(label, body).collect(maxBytes)).rejects.toMatchObject({ kind: 'idle-timeout' });
  });
});

describe.each([
  { how: 'gzip', code: gzipSync },
  { how: 'zstd', code: zstdCompressSync },
])('a body in $how that says nothing of it', ({ how, code }) => {
  const coded = code(Buffer.from(text));
  const unlabelled = (chunks: readonly Uint8Array[]) => inflateUnlabelled(bodyOf(chunks)).collect(maxBytes);

  test.each(how === 'gzip' ? [1, 7, 1000, coded.length] : [7, 1000, coded.length])(
    'is inflated in chunks of %i bytes',
    async (size) => {
      expect(Buffer.from(await unlabelled(chunksOf(coded, size))).toString()).toBe(text);
    },
  );

  test('is cut if its end is missing, and bounded as it becomes', async () => {
    await expect(unlabelled([coded.subarray(0, -9)])).rejects.toMatchObject({ kind: 'cut' });
    await expect(unlabelled([code(Buffer.alloc(2 * maxBytes, 'a b'))])).rejects.toMatchObject({ kind: 'too-large' });
  });
});

test.each(['', 'x', 'data: {}\n\n', '{"a":1}', '(µ/ý', '\u001f', '\u001fx', '\ufeff{}'])(
  'a body that says nothing of a coding and has none is read as it is: %j',
  async (body) => {
    const bytes = Buffer.from(body);
    const read = inflateUnlabelled(bodyOf(bytes.length === 0 ? [] : [bytes])).collect(maxBytes);
    if (body === '\u001f') await expect(read).rejects.toMatchObject({ kind: 'cut' });
    else expect(Buffer.from(await read).toString()).toBe(body);
  },
);

test.each<readonly [string, () => Transform, number]>([
  ['gzip', createGzip, constants.Z_SYNC_FLUSH],
  ['deflate', createDeflate, constants.Z_SYNC_FLUSH],
  ['deflate', createDeflateRaw, constants.Z_SYNC_FLUSH],
  ['br', createBrotliCompress, constants.BROTLI_OPERATION_FLUSH],
  ['zstd', createZstdCompress, constants.ZSTD_e_flush],
])('what a server flushes in %s is handed over before anything else comes (%s)', async (label, create, kind) => {
  const encoder = create();
  const pieces: Buffer[] = [];
  encoder.on('data', (piece: Buffer) => pieces.push(piece));
  encoder.write('data: first\n\n');
  await new Promise<void>((resolve) => {
    if (!('flush' in encoder) || typeof encoder.flush !== 'function') throw new Error('This stream cannot flush.');
    encoder.flush(kind, resolve);
  });
  const seen = Promise.withResolvers<string>();
  const body = neverEnding(Buffer.concat(pieces));
  void inflate(label, body).pipe((chunk) => {
    seen.resolve(Buffer.from(chunk).toString());
    return undefined;
  });
  expect(await seen.promise).toBe('data: first\n\n');
});

test('a bomb ends its call before it has become large, however slowly it is read', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  let given = 0;
  const read = inflate('gzip', bodyOf(chunksOf(bomb, 1000))).pipe((chunk) => {
    given += chunk.length;
    return Promise.resolve();
  });
  await expect(read).rejects.toMatchObject({ kind: 'too-large' });
  expect(given).toBeLessThan(17 * 1024 * 1024);
});

test('a reader without room holds the body below back', async () => {
  const coded = gzipSync(Buffer.from(Array.from({ length: 40_000 }, (_, at) => `${at * 7919}`).join('\n')));
  const room = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  let taken = 0;
  let given = '';
  const below = bodyOf(chunksOf(coded, 1000), undefined, () => {
    taken += 1;
  });
  const read = inflate('gzip', below).pipe((chunk) => {
    given += Buffer.from(chunk).toString();
    began.resolve();
    return room.promise;
  });
  await began.promise;
  await new Promise((resolve) => setImmediate(resolve));
  expect(taken).toBeLessThan(30);
  room.resolve();
  await read;
  expect(given).toHaveLength(Array.from({ length: 40_000 }, (_, at) => `${at * 7919}`).join('\n').length);
});

test('damaged data is an error of its own', async () => {
  const coded = gzipSync(Buffer.from(text));
  coded.fill(255, 20, 60);
  await expect(inflatedText('gzip', [coded])).rejects.toMatchObject({ kind: 'unreadable-coding' });
});

test('a receiver that refuses ends the reading with its own reason', async () => {
  const body = inflate('br', bodyOf([brotliCompressSync(Buffer.from(text))]));
  await expect(body.pipe(() => Promise.reject(new UpstreamCallError('aborted')))).rejects.toMatchObject({
    kind: 'aborted',
  });
  const thrower = inflate('br', bodyOf([brotliCompressSync(Buffer.from(text))]));
  const thrown = thrower.pipe(() => {
    throw new Error('no');
  });
  await expect(thrown).rejects.toThrow('no');
});

test.each<readonly [readonly string[], ReturnType<typeof readCodings>]>([
  [[], { kind: 'plain' }],
  [[''], { kind: 'plain' }],
  [['identity'], { kind: 'plain' }],
  [['Identity, utf-8'], { kind: 'plain' }],
  [['gzip'], { kind: 'coded', codings: ['gzip'] }],
  [['gzip', 'br'], { kind: 'coded', codings: ['gzip', 'br'] }],
  [['compress'], { kind: 'unknown', name: 'compress' }],
  [['gzip, sdch'], { kind: 'unknown', name: 'sdch' }],
  [['gzip, gzip, gzip, gzip'], { kind: 'unknown', name: 'gzip, gzip, gzip, gzip' }],
])('the content coding %j', (values, expected) => {
  expect(readCodings(values.map((value) => ['content-encoding', value] as const))).toEqual(expected);
});

function inflate(label: string, body: UpstreamBody): UpstreamBody {
  const codingsRead = readCodings([['content-encoding', label]]);
  if (codingsRead.kind !== 'coded') throw new Error(`${label} is ${codingsRead.kind}.`);
  return inflateBody(body, codingsRead.codings);
}

async function inflatedText(label: string, chunks: readonly Uint8Array[]): Promise<string> {
  return Buffer.from(await inflate(label, bodyOf(chunks)).collect(maxBytes)).toString();
}

function chunksOf(bytes: Uint8Array, size: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

/** A body that hands over one chunk after the other, each when there is room for it. */
function bodyOf(chunks: readonly Uint8Array[], failure?: UpstreamCallError, onTaken = () => {}): UpstreamBody {
  const pipe = async (receive: ChunkReceiver) => {
    for (const chunk of chunks) {
      onTaken();
      await receive(chunk);
    }
    if (failure !== undefined) throw failure;
  };
  return { pipe, collect: (bytes) => collectBody(pipe, bytes), abort() {} };
}

function neverEnding(chunk: Uint8Array): UpstreamBody {
  const pipe = async (receive: ChunkReceiver) => {
    await receive(chunk);
    await new Promise<never>(() => {});
  };
  return { pipe, collect: (bytes) => collectBody(pipe, bytes), abort() {} };
}
