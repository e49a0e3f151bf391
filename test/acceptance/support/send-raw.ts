import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';

/** A request as bytes: nothing between the test and the wire corrects it. */
export interface RawRequest {
  /** Default POST. */
  readonly method?: string;
  /** Default `/v1/messages`. */
  readonly path?: string;
  /** `host`, `connection: close` and, for a body in one piece, `content-length` are added unless given. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** Pieces are sent as they are: chunked framing is the caller's. */
  readonly body?: string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export interface RawAnswer {
  readonly status: number;
  /** Lower-case names; the last one counts. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** Milliseconds from the first byte of the answer to the end of the connection. */
  readonly closedAfterMs: number;
  /** Bytes of the request that the kernel took after the answer had begun. */
  readonly sentAfterAnswer: number;
}

/** Sends one request on a connection of its own and reads until the gateway closes it. */
export async function sendRaw(baseUrl: string, request: RawRequest): Promise<RawAnswer> {
  const { body = '' } = request;
  const wholeBody = typeof body === 'string' ? Buffer.from(body) : body;
  const head = Buffer.from(
    rawHead(request, wholeBody instanceof Uint8Array ? wholeBody.byteLength : undefined),
    'latin1',
  );
  return sendBytes(
    baseUrl,
    wholeBody instanceof Uint8Array ? slices(Buffer.concat([head, wholeBody])) : join(head, wholeBody),
  );
}

/** Sends bytes that need not be HTTP at all. */
export async function sendBytes(
  baseUrl: string,
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(baseUrl);
  const socket = connect(Number(port), hostname);
  const received: Buffer[] = [];
  let answeredAt = 0;
  let sentAfterAnswer = 0;
  socket.on('data', (bytes: Buffer) => {
    if (received.push(bytes) === 1) answeredAt = performance.now();
  });
  // A reset after the answer is one of the ways to end an upload; without an answer `readAnswer` throws.
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) =>
    socket.once('close', () => {
      resolve();
    }),
  );
  const timer = setTimeout(() => socket.destroy(), 60_000);
  for await (const part of parts) {
    if (!socket.writable) break;
    if (answeredAt > 0) sentAfterAnswer += part.byteLength;
    if (!socket.write(part)) await Promise.race([drained(socket), closed]);
    // A client that only ever writes finds the reset before the answer.
    await setImmediate();
  }
  await closed;
  clearTimeout(timer);
  return { ...readAnswer(Buffer.concat(received)), closedAfterMs: performance.now() - answeredAt, sentAfterAnswer };
}

function rawHead(request: RawRequest, contentLength: number | undefined): string {
  const { method = 'POST', path = '/v1/messages', headers = [] } = request;
  const names = new Set(headers.map(([name]) => name.toLowerCase()));
  const defaults: readonly (readonly [string, string])[] = [
    ['host', 'gateway.test'],
    ['connection', 'close'],
    ...(contentLength === undefined || names.has('transfer-encoding')
      ? []
      : [['content-length', String(contentLength)] as const]),
  ];
  const lines = [...defaults.filter(([name]) => !names.has(name)), ...headers].map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.byteLength; start += 65_536) yield bytes.subarray(start, start + 65_536);
}

async function* join(
  first: Uint8Array,
  rest: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

async function drained(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) =>
    socket.once('drain', () => {
      resolve();
    }),
  );
}

function readAnswer(bytes: Buffer): Pick<RawAnswer, 'status' | 'headers' | 'text'> {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) throw new Error(`No HTTP answer but ${bytes.byteLength} bytes: ${bytes.toString('latin1', 0, 200)}`);
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const body = bytes.subarray(end + 4);
  const text = headers['transfer-encoding'] === 'chunked' ? dechunk(body) : body.toString('utf8');
  return { status: Number(statusLine.split(' ')[1]), headers, text };
}

function dechunk(body: Buffer): string {
  const parts: Buffer[] = [];
  let at = 0;
  while (at < body.byteLength) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.toString('latin1', at, lineEnd), 16);
    if (!(size > 0)) break;
    parts.push(body.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return Buffer.concat(parts).toString('utf8');
}
