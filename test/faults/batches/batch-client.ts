import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { jsonAt, jsonTextAt } from '@ccg/testkit';
import { Agent, request } from 'undici';

/** A client that asks again whenever the gateway is gone or has a fault, as the official SDKs do. */
export interface BatchClient {
  /**
   * Creates a batch, under one Idempotency-Key however often it takes; gives its id. `onSent` is told of each piece by
   * which share of the body is sent then, in every attempt, and may kill.
   */
  create(pieces: readonly Buffer[], onSent: (share: number, attempt: number) => Promise<void>): Promise<string>;
  list(): Promise<unknown>;
  get(id: string): Promise<unknown>;
  /** Reads all results. `onPiece` may kill; then it rejects, or gives all of them: never a part. */
  results(id: string, onPiece?: () => Promise<void>): Promise<string>;
  remove(id: string): Promise<void>;
  /** How often a request got no answer, or one that says to try again. */
  failures(): number;
}

const pauseMs = 200;
const patienceMs = 120_000;
const path = '/v1/messages/batches';

export function createBatchClient(url: string, apiKey: string): BatchClient {
  // A connection that is kept may be one to a gateway that is dead.
  const dispatcher = new Agent({ pipelining: 0, headersTimeout: 30_000, bodyTimeout: 30_000 });
  const headers = { 'x-api-key': apiKey, 'content-type': 'application/json' };
  let failures = 0;

  async function patiently<T>(work: (attempt: number) => Promise<T | undefined>): Promise<T> {
    const untilMs = Date.now() + patienceMs;
    for (let attempt = 1; ; attempt += 1) {
      const value = await work(attempt).catch((error: unknown) => {
        if (error instanceof RefusedError || Date.now() > untilMs) throw error;
      });
      if (value !== undefined) return value;
      failures += 1;
      await delay(pauseMs);
    }
  }

  async function ask(method: 'GET' | 'DELETE', at: string): Promise<unknown> {
    return await patiently(async () => {
      const answer = await request(url + at, { method, headers, dispatcher });
      return read(answer.statusCode, await answer.body.text());
    });
  }

  return {
    create(pieces, onSent) {
      const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
      const once = { 'idempotency-key': 'the-batch-of-this-run', 'content-length': String(length) };
      return patiently(async (attempt) => {
        async function* body(): AsyncGenerator<Buffer> {
          let sent = 0;
          for (const piece of pieces) {
            yield piece;
            sent += piece.length;
            await onSent(sent / length, attempt);
          }
        }
        const answer = await request(url + path, {
          method: 'POST',
          headers: { ...headers, ...once },
          body: Readable.from(body()),
          dispatcher,
        });
        const batch = read(answer.statusCode, await answer.body.text());
        return batch === undefined ? undefined : jsonTextAt(batch, 'id');
      });
    },
    list: async () => jsonAt(await ask('GET', path), 'data'),
    get: (id) => ask('GET', `${path}/${id}`),
    async results(id, onPiece) {
      const answer = await request(`${url}${path}/${id}/results`, { headers, dispatcher });
      if (answer.statusCode !== 200) throw new Error(`${answer.statusCode}: ${await answer.body.text()}`);
      const read: Buffer[] = [];
      for await (const piece of answer.body) {
        if (Buffer.isBuffer(piece)) read.push(piece);
        await onPiece?.();
      }
      return Buffer.concat(read).toString('utf8');
    },
    async remove(id) {
      await ask('DELETE', `${path}/${id}`);
    },
    failures: () => failures,
  };
}

class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

/** Undefined for an answer that says to try again. */
function read(status: number, text: string): unknown {
  if (status === 200) return JSON.parse(text);
  if (status === 408 || status === 429 || (status >= 500 && status !== 501)) return undefined;
  throw new RefusedError(`The gateway refused with ${status}: ${text}`);
}
