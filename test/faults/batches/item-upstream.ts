import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { listenOnFreePort } from '@ccg/testkit';

/** What became of a call: a whole answer, a refusal by the script, or a caller who was gone before its answer. */
type CallEnd = 'answered' | 'refused' | 'busy' | 'cut';

/** One call of a worker, as the upstream saw it. */
export interface Call {
  readonly item: number;
  /** The worker that made it. */
  readonly caller: string;
  readonly startedMs: number;
  end: CallEnd | undefined;
  /** What the answer says, which no other answer does. */
  readonly text: string;
  readonly tokens: { readonly input: number; readonly output: number };
}

/** A server of OpenAI's dialect that knows which item a request is, and writes down every call. */
export interface ItemUpstream {
  /** The base URL for one worker, so that its calls are known as its own. */
  urlFor(caller: string): string;
  readonly calls: readonly Call[];
  /** How many items have a whole answer, or a refusal. */
  done(): number;
  close(): void;
}

const answerMs = { least: 200, most: 600 };

/** An item that the upstream refuses for good. */
export function isRefused(item: number): boolean {
  return item % 97 === 0;
}

/** An item that it has no room for when it is asked first. */
function isBusyAtFirst(item: number): boolean {
  return item % 50 === 1;
}

export async function startItemUpstream(): Promise<ItemUpstream> {
  const calls: Call[] = [];
  const known = new Set<number>();
  const done = new Set<number>();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const item = itemOf(await bodyOf(request));
    const caller = request.url?.split('/')[1] ?? '';
    if (item === undefined) {
      response.writeHead(404).end();
      return;
    }
    const number = calls.length;
    const tokens = { input: 100 + (item % 11), output: 10 + (item % 7) };
    const text = `item-${item} call-${number}`;
    const call: Call = { item, caller, startedMs: Date.now(), end: undefined, text, tokens };
    calls.push(call);
    const isFirst = !known.has(item);
    known.add(item);
    await delay(answerMs.least + ((number * 37) % (answerMs.most - answerMs.least)));
    if (response.destroyed) {
      call.end = 'cut';
      return;
    }
    const [status, body] = scripted(call, isFirst);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    call.end = status === 200 ? 'answered' : status === 400 ? 'refused' : 'busy';
    if (status !== 503) done.add(item);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const url = await listenOnFreePort(server);
  return {
    urlFor: (caller) => `${url}/${caller}/v1`,
    calls,
    done: () => done.size,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function scripted({ item, text, tokens }: Call, isFirst: boolean): readonly [status: number, body: object] {
  if (isRefused(item)) return [400, { error: { message: 'no such thing', type: 'invalid_request_error' } }];
  if (isFirst && isBusyAtFirst(item)) return [503, { error: { message: 'busy' } }];
  const message = { role: 'assistant', content: text };
  const [prompt, completion] = [tokens.input, tokens.output];
  const usage = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
  return [200, { id: 'chatcmpl-1', choices: [{ index: 0, message, finish_reason: 'stop' }], usage }];
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) if (Buffer.isBuffer(piece)) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

/** Each item begins its prompt with its number. */
function itemOf(body: string): number | undefined {
  const number = /item-(\d+) /u.exec(body)?.[1];
  return number === undefined ? undefined : Number(number);
}
