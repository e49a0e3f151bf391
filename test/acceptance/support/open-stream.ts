import { collectFrames } from '@ccg/testkit';
import type { CollectedFrame } from '@ccg/testkit';

/** An answer that is still being received. */
export interface OpenStream {
  readonly status: number;
  readonly headers: Headers;
  /** Everything received so far. */
  text(): string;
  /** Reads on until the text so far fits; throws when the answer ends before. */
  readUntil(fits: (text: string) => boolean): Promise<string>;
  /** Reads to the end and decodes the whole answer. */
  frames(): Promise<CollectedFrame[]>;
  /** Closes the connection as a client does that is no longer interested. */
  leave(): void;
}

/** Posts a Messages request and resolves with the head of the answer. */
export async function openStream(
  url: string,
  apiKey: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<OpenStream> {
  const leaving = new AbortController();
  const answer = await fetch(url, {
    method: 'POST',
    // A connection that is kept alive would make a gateway that drains wait for its next request.
    headers: { connection: 'close', 'content-type': 'application/json', 'x-api-key': apiKey, ...headers },
    body: JSON.stringify(body),
    signal: leaving.signal,
  });
  const reader = answer.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  const readMore = async (): Promise<boolean> => {
    const read = await reader?.read();
    if (read === undefined || read.done) return false;
    text += decoder.decode(read.value, { stream: true });
    return true;
  };
  return {
    status: answer.status,
    headers: answer.headers,
    text: () => text,
    async readUntil(fits) {
      while (!fits(text)) if (!(await readMore())) throw new Error(`The answer ended early: ${text}`);
      return text;
    },
    async frames() {
      while (await readMore());
      return collectFrames(text);
    },
    leave() {
      leaving.abort();
    },
  };
}
