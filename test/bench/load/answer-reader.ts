/** What one answer was, once it is over. */
export interface ReadAnswer {
  readonly status: number;
  /** Text deltas in a stream. */
  readonly tokens: number;
  /** The last bytes of its body, as a byte string. */
  readonly tail: string;
}

export interface AnswerEvents {
  onFirstBodyByte(): void;
  onTokens(count: number): void;
  onAnswer(answer: ReadAnswer): void;
}

export interface AnswerReader {
  /** Takes the first `length` bytes of `buffer`, which it overwrites. */
  push(buffer: Buffer, length: number): void;
}

type State = 'head' | 'sized' | 'chunk-head' | 'chunk' | 'chunk-end' | 'last-chunk-end';

const tailLength = 512;
const carriageReturn = 0x0d;

/** Reads the answers on one connection, just enough to know that they are complete, and cheaply. Every token has `tokenMarker`. */
export function createAnswerReader(events: AnswerEvents, tokenMarker: string): AnswerReader {
  let status = 0;
  let tokens = 0;
  let tail = '';

  return createFramingReader({
    onHead(answered) {
      status = answered;
    },
    onBody(body) {
      if (body.length === 0) return;
      if (tail === '') events.onFirstBodyByte();
      const found = countTokens(tail, body, tokenMarker);
      tail = (tail + body.toString('latin1', Math.max(0, body.length - tailLength))).slice(-tailLength);
      if (found === 0) return;
      tokens += found;
      events.onTokens(found);
    },
    onEnd() {
      const answer = { status, tokens, tail };
      tokens = 0;
      tail = '';
      events.onAnswer(answer);
    },
  });
}

interface FramingEvents {
  onHead(status: number): void;
  /** The next bytes of the body, without the chunks' framing; there may be none. */
  onBody(body: Buffer): void;
  onEnd(): void;
}

function createFramingReader({ onHead, onBody, onEnd }: FramingEvents): AnswerReader {
  let state: State = 'head';
  /** A head of an answer or of a chunk that the last bytes did not finish. */
  let pending = Buffer.alloc(0);
  let left = 0;

  /** Returns where what follows the head begins, or -1 when the head is not whole. */
  function takeHead(bytes: Buffer, from: number): number {
    if (state === 'chunk-head') {
      const { size, end } = readChunkHead(bytes, from);
      if (end < 0) return -1;
      state = size === 0 ? 'last-chunk-end' : 'chunk';
      left = size === 0 ? 2 : size;
      return end;
    }
    const head = readHead(bytes, from);
    if (head === undefined) return -1;
    onHead(head.status);
    state = head.size === undefined ? 'chunk-head' : 'sized';
    left = head.size ?? 0;
    return head.end;
  }

  function read(bytes: Buffer): void {
    let from = 0;
    // What there is of the body is moved together at the front, where it no longer matters.
    let bodyEnd = 0;
    while (from < bytes.length) {
      if (state === 'head' || state === 'chunk-head') {
        const next = takeHead(bytes, from);
        if (next < 0) break;
        from = next;
        continue;
      }
      const to = Math.min(from + left, bytes.length);
      left -= to - from;
      if (state === 'sized' || state === 'chunk') {
        bytes.copyWithin(bodyEnd, from, to);
        bodyEnd += to - from;
      }
      from = to;
      if (left > 0) break;
      if (state === 'sized' || state === 'last-chunk-end') {
        onBody(bytes.subarray(0, bodyEnd));
        bodyEnd = 0;
        state = 'head';
        onEnd();
      } else if (state === 'chunk') {
        state = 'chunk-end';
        left = 2;
      } else state = 'chunk-head';
    }
    if (from < bytes.length) pending = Buffer.from(bytes.subarray(from));
    onBody(bytes.subarray(0, bodyEnd));
  }

  return {
    push(buffer, length) {
      const bytes = buffer.subarray(0, length);
      const whole = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
      pending = Buffer.alloc(0);
      read(whole);
    },
  };
}

/** The head of an answer and where it ends; without a size its body comes in chunks. Undefined when it is not whole. */
function readHead(bytes: Buffer, from: number) {
  const end = bytes.indexOf('\r\n\r\n', from);
  if (end < 0) return undefined;
  const head = bytes.toString('latin1', from, end).toLowerCase();
  const size = /\r\ncontent-length: *(?<size>\d+)/u.exec(head)?.groups?.['size'];
  if (size === undefined && !head.includes('\r\ntransfer-encoding: chunked')) throw new Error(`No framing: ${head}`);
  return { status: Number(head.slice(9, 12)), size: size === undefined ? undefined : Number(size), end: end + 4 };
}

/** The size of a chunk and where its bytes begin, or -1 when its head is not whole. */
function readChunkHead(bytes: Buffer, from: number): { readonly size: number; readonly end: number } {
  let size = 0;
  let at = from;
  for (; at < bytes.length && bytes[at] !== carriageReturn; at += 1) size = size * 16 + hexDigit(bytes[at] ?? 0);
  return { size, end: at + 1 >= bytes.length ? -1 : at + 2 };
}

/** Deltas in `body` and on its border with the `tail` of what came before. */
function countTokens(tail: string, body: Buffer, tokenMarker: string): number {
  if (tokenMarker === '') return 0;
  const overlap = tokenMarker.length - 1;
  let found = (tail.slice(-overlap) + body.toString('latin1', 0, overlap)).includes(tokenMarker) ? 1 : 0;
  for (let at = body.indexOf(tokenMarker); at >= 0; at = body.indexOf(tokenMarker, at + overlap)) found += 1;
  return found;
}

function hexDigit(code: number): number {
  return code < 0x40 ? code - 0x30 : (code | 0x20) - 0x57;
}
