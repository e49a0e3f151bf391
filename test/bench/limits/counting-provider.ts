import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A provider that counts what it is asked, and how much of that at the same time. */
export interface CountingProvider {
  readonly url: string;
  received(): number;
  /** The most that ran at the same time. */
  peak(): number;
  reset(): void;
  close(): void;
}

export interface AnswerTokens {
  readonly input: number;
  readonly output: number;
}

const answerMs = 20;

/** Starts one that answers with so many tokens, after 20 ms; a stream gets its first word and then nothing. */
export async function startCountingProvider({ input, output }: AnswerTokens): Promise<CountingProvider> {
  let [received, running, peak] = [0, 0, 0];
  const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
  const choice = { index: 0, finish_reason: 'stop' };
  const answer = JSON.stringify({ choices: [{ ...choice, message: { role: 'assistant', content: 'fine' } }], usage });
  const word = JSON.stringify({ choices: [{ index: 0, delta: { content: 'word' }, finish_reason: null }] });

  function respond(response: ServerResponse, isStream: boolean): void {
    // What runs is over when the answer is sent: the gateway cannot know it earlier. Or when the gateway is gone.
    const end = once(() => (running -= 1));
    response.once('close', end);
    if (isStream) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: ${word}\n\n`);
      return;
    }
    setTimeout(() => {
      end();
      response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
    }, answerMs);
  }

  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (bytes: Buffer) => {
      body += bytes.toString('latin1');
    });
    request.once('end', () => {
      if (request.method !== 'POST') {
        response.writeHead(404).end();
        return;
      }
      [received, running] = [received + 1, running + 1];
      peak = Math.max(peak, running);
      respond(response, /"stream":\s*true/u.test(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received: () => received,
    peak: () => peak,
    reset() {
      [received, peak] = [0, running];
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    act();
  };
}
