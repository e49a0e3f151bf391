import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { jsonAt } from '@ccg/testkit';
import type { GatewayProcess } from '@ccg/testkit';
import { request } from 'undici';

const items = 100_000;
const bytesOfItem = 2500;
const itemsOfPiece = 100;
const megabyte = 1024 * 1024;

export interface Accepted {
  readonly items: number;
  readonly megabytes: number;
  readonly seconds: number;
  /** The longest time for which the gateway's event loop did nothing else. */
  readonly longestLoopDelayMs: number;
  readonly rssGrowthMegabytes: number;
}

/** Sends a batch as large as one may be, and looks at the gateway's process meanwhile. */
export async function measureAccept(gateway: GatewayProcess, apiKey: string): Promise<Accepted> {
  // The delay is that since the last scrape.
  await loopDelayMs(gateway);
  const before = await rssMegabytes(gateway.pid);
  let most = before;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      most = Math.max(most, await rssMegabytes(gateway.pid));
      await delay(20);
    }
  })();
  const startedMs = performance.now();
  let bytes = 0;
  const answer = await request(`${gateway.url}/v1/messages/batches`, {
    method: 'POST',
    headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
    body: Readable.from(
      body((length) => {
        bytes += length;
      }),
    ),
    headersTimeout: 300_000,
  });
  const batch: unknown = await answer.body.json();
  const seconds = (performance.now() - startedMs) / 1000;
  isOver = true;
  await watching;
  if (jsonAt(batch, 'request_counts', 'processing') !== items) throw new Error(JSON.stringify(batch));
  return {
    items,
    megabytes: bytes / megabyte,
    seconds,
    longestLoopDelayMs: await loopDelayMs(gateway),
    rssGrowthMegabytes: most - before,
  };
}

async function* body(onPiece: (bytes: number) => void): AsyncGenerator<Buffer> {
  for (let first = 0; first < items; first += itemsOfPiece) {
    const some = Array.from({ length: itemsOfPiece }, (_, at) => itemText(first + at));
    const piece = Buffer.from((first === 0 ? '{"requests":[' : ',') + some.join(','));
    onPiece(piece.length);
    yield piece;
  }
  yield Buffer.from(']}');
}

/** Text with what makes JSON slow: quotes, ends of lines, letters beyond ASCII. */
const words = 'Say "hello" to Zoë.\nAnd then: naïve → 日本語. '.repeat(60);

function itemText(at: number): string {
  const params = { model: 'gpt-4.1', max_tokens: 64, messages: [{ role: 'user', content: '' }] };
  const around = JSON.stringify({ custom_id: `item-${at}`, params });
  const text = JSON.stringify(words.slice(0, (bytesOfItem - around.length) * 0.8));
  return around.replace('"content":""', `"content":${text}`);
}

async function loopDelayMs({ opsUrl }: GatewayProcess): Promise<number> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text();
  return Number(/^nodejs_eventloop_lag_max_seconds (\S+)/mu.exec(text)?.[1]) * 1000;
}

async function rssMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/mu.exec(status)?.[1]) / 1024;
}
