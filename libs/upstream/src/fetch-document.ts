import { request } from 'undici';
import { createDispatcher } from './create-dispatcher.ts';
import type { UpstreamOptions } from './upstream-options.ts';

/** Fetches small documents by URLs that the operator names. */
export interface DocumentFetcher {
  /** The text at a URL. Rejects with an error whose message says what is wrong and holds nothing of the answer. */
  fetch(url: string): Promise<string>;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

type DocumentFetcherOptions = Pick<UpstreamOptions, 'proxy' | 'extraRoots' | 'resolve'> & {
  /** For all of it, from the look-up of the name to the last byte. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
};

/** Fetches the way that providers are reached. No redirect is followed: the operator named the document, not its host. */
export function createDocumentFetcher({ timeoutMs, maxBytes, ...options }: DocumentFetcherOptions): DocumentFetcher {
  const times = { connectTimeoutMs: timeoutMs, firstByteTimeoutMs: timeoutMs, idleTimeoutMs: timeoutMs };
  const dispatcher = createDispatcher({ ...options, ...times });

  async function fetch(url: string, signal: AbortSignal): Promise<string> {
    const headers = { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'claude-code-gateway' };
    const { statusCode, body } = await request(url, { dispatcher, signal, headers });
    try {
      if (statusCode >= 300 && statusCode <= 399) throw new Error(`status ${statusCode}: redirects are not followed`);
      if (statusCode !== 200) throw new Error(`status ${statusCode}`);
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of body) {
        if (!(chunk instanceof Uint8Array)) throw new Error('not bytes');
        size += chunk.length;
        if (size > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
        chunks.push(chunk);
      }
      return Buffer.concat(chunks).toString('utf8');
    } finally {
      // A body that nobody reads would keep its connection; one that is destroyed says so as an error.
      body.on('error', () => {}).destroy();
    }
  }

  return {
    async fetch(url) {
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        return await fetch(url, signal);
      } catch (thrown) {
        throw signal.aborted ? new Error(`no whole answer within ${timeoutMs} ms`, { cause: thrown }) : thrown;
      }
    },
    close: () => dispatcher.destroy(),
  };
}
