import { Agent, request } from 'node:http';
import { once } from 'node:events';

import { heldTokens, promptTokens, sleep } from './rig.ts';
import type { Rig } from './rig.ts';

/** One streamed answer, from the request to its end. */
export interface Stream {
  /** Resolves with the first bytes; rejects where there are none. */
  readonly begun: Promise<void>;
  /** Undefined for an answer that came whole, else what was wrong. */
  readonly ended: Promise<string | undefined>;
}

/** Every stream has a connection of its own, as developers do. */
const agent = new Agent({ keepAlive: false, maxSockets: Infinity });

function openStream({ url, apiKey }: Rig, maxTokens: number): Stream {
  const begun = Promise.withResolvers<void>();
  begun.promise.catch(() => {});
  return { begun: begun.promise, ended: read(url, apiKey, maxTokens, begun.resolve).then(rejectUnbegun) };

  function rejectUnbegun(fault: string | undefined): string | undefined {
    begun.reject(new Error(fault ?? 'It ended before it had begun.'));
    return fault;
  }
}

async function read(url: string, apiKey: string, maxTokens: number, onBegun: () => void): Promise<string | undefined> {
  const messages = [{ role: 'user', content: 'hi' }];
  const body = JSON.stringify({ model: 'claude-opus-5-5', max_tokens: maxTokens, stream: true, messages });
  const headers = { 'x-api-key': apiKey, 'content-type': 'application/json', 'content-length': body.length };
  try {
    const outgoing = request(`${url}/v1/messages`, { agent, method: 'POST', headers });
    outgoing.end(body);
    const [response] = await once(outgoing, 'response');
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) {
      text += String(chunk);
      if (response.statusCode === 200 && text.includes('text_delta')) onBegun();
    }
    if (response.statusCode !== 200) return `status ${response.statusCode}: ${text.slice(0, 200)}`;
    if (text.includes('event: error'))
      return `an error in the stream: ${text.slice(text.indexOf('event: error'), 200)}`;
    return text.includes('message_stop') ? undefined : 'the stream was cut';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

export interface Tally {
  readonly sent: number;
  /** What went wrong, and how often. */
  readonly failures: ReadonlyMap<string, number>;
}

/** Sends requests at a steady rate, whatever becomes of them, until it is stopped; then waits for those under way. */
export function startLoad(rig: Rig, perSecond: number): { stop(): Promise<Tally> } {
  const ends: Promise<string | undefined>[] = [];
  const startedAt = performance.now();
  const timer = setInterval(() => {
    // A timer that is late is made up for.
    const due = ((performance.now() - startedAt) / 1000) * perSecond;
    while (ends.length < due) ends.push(openStream(rig, promptTokens).ended);
  }, 1000 / perSecond);
  return {
    async stop() {
      clearInterval(timer);
      return await tally(ends);
    },
  };
}

/** Opens streams that stay open, a few at a time, and resolves when all of them have begun. */
export async function openStreams(rig: Rig, count: number): Promise<readonly Stream[]> {
  const streams: Stream[] = [];
  const atOnce = 50;
  while (streams.length < count) {
    const some = Array.from({ length: Math.min(atOnce, count - streams.length) }, () => openStream(rig, heldTokens));
    await Promise.all(some.map(({ begun }) => begun));
    streams.push(...some);
    await sleep(10);
  }
  return streams;
}

export async function tally(ends: readonly Promise<string | undefined>[]): Promise<Tally> {
  const failures = new Map<string, number>();
  for (const fault of await Promise.all(ends)) {
    if (fault !== undefined) failures.set(fault, (failures.get(fault) ?? 0) + 1);
  }
  return { sent: ends.length, failures };
}
