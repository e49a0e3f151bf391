import { once } from 'node:events';
import { createServer } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { assertNever } from '@ccg/kernel';

import { leakWatch } from './leak-watch.ts';
import { listenOnFreePort } from './listen-on-free-port.ts';
import type { RecordedRequest } from './recorded-request.ts';
import { jsonScript } from './script.ts';
import type { Script, ScriptStep } from './script.ts';

/** Chooses the answer to one request. What it throws becomes a 500 with its message. */
export type Play = (request: RecordedRequest) => Script;

/** A provider that plays a script, on a real socket. */
export interface ScriptedUpstream {
  /** `http://127.0.0.1:<port>`, without a path. */
  readonly url: string;
  /** Every request in order of arrival, its body read. */
  readonly requests: readonly RecordedRequest[];
  /** Answers every request without a queued script from now on. */
  play(play: Play): void;
  /** Queues scripts, one per request, ahead of `play`. */
  answer(...scripts: readonly (Script | Play)[]): void;
  /** The request with this index, as soon as it has arrived. */
  request(index: number): Promise<RecordedRequest>;
  /** Forgets requests and queued scripts. */
  reset(): void;
  close(): Promise<void>;
}

/** Starts an upstream on a free port of 127.0.0.1. Close it: it keeps the process alive. */
export async function startScriptedUpstream(initialPlay: Play = unscripted): Promise<ScriptedUpstream> {
  const queue: (Script | Play)[] = [];
  const requests: RecordedRequest[] = [];
  const waiting = new Map<number, PromiseWithResolvers<RecordedRequest>>();
  let play = initialPlay;

  const server = createServer((incoming, response) => {
    void answerRequest(incoming, response).catch(() => {
      // The client is gone; what it aborted is on record.
      response.destroy();
    });
  });
  // Claude Code sends long histories; nothing here is about limits of headers or time.
  server.requestTimeout = 0;
  const url = await listenOnFreePort(server);

  async function answerRequest(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await record(incoming, response);
    leakWatch.request(request);
    waiting.get(requests.push(request) - 1)?.resolve(request);
    const next = queue.shift() ?? play;
    await perform(typeof next === 'function' ? playSafely(next, request) : next, response);
  }

  return {
    url,
    requests,
    play(next) {
      play = next;
    },
    answer(...scripts) {
      queue.push(...scripts);
    },
    async request(index) {
      const known = requests[index];
      if (known !== undefined) return known;
      const pending = waiting.get(index) ?? Promise.withResolvers<RecordedRequest>();
      waiting.set(index, pending);
      return pending.promise;
    },
    reset() {
      queue.length = 0;
      requests.length = 0;
      waiting.clear();
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function record(incoming: IncomingMessage, response: ServerResponse): Promise<RecordedRequest> {
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  response.once('close', () => {
    if (!response.writableFinished) resolve();
  });
  const parts: Buffer[] = [];
  for await (const part of incoming) if (Buffer.isBuffer(part)) parts.push(part);
  const body = Buffer.concat(parts);
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: incoming.headers,
    body,
    json: (): unknown => JSON.parse(body.toString('utf8')),
    aborted,
  };
}

function playSafely(play: Play, request: RecordedRequest): Script {
  try {
    return play(request);
  } catch (error) {
    return jsonScript(500, { error: { message: `The script failed: ${String(error)}` } });
  }
}

async function perform(script: Script, response: ServerResponse): Promise<void> {
  const closed = new Promise<void>((resolve) => response.once('close', resolve));
  for (const step of script) {
    if (response.destroyed) return;
    await performStep(step, response, closed);
  }
  if (!response.destroyed) response.end();
}

async function performStep(step: ScriptStep, response: ServerResponse, closed: Promise<void>): Promise<void> {
  switch (step.kind) {
    case 'head':
      response.writeHead(step.status, step.headers);
      response.flushHeaders();
      return;
    case 'write':
      if (!response.write(step.bytes))
        await Promise.race([new Promise<void>((resolve) => response.once('drain', resolve)), closed]);
      return;
    case 'wait':
      await Promise.race([step.until, closed]);
      return;
    case 'cut':
      // What was written before is on its way first.
      await setImmediate();
      response.destroy();
      return;
    case 'hang':
      await closed;
      return;
    default:
      assertNever(step);
  }
}

function unscripted(request: RecordedRequest): Script {
  throw new Error(`nothing is scripted for ${request.method} ${request.path}`);
}
