import {
  anthropicFrames,
  anthropicSseHead,
  createGate,
  cut,
  hang,
  jsonAt,
  jsonTextAt,
  openAiChatFrames,
  openAiChatSseHead,
  playModel,
  say,
  waitFor,
  write,
} from '@ccg/testkit';
import type { CollectedFrame, Script } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { openStream } from './support/open-stream.ts';
import type { OpenStream } from './support/open-stream.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

const text = 'Half a loaf is better than none.';
const turn = { content: [say(text)] };

/** The same answer in both dialects: its head, its frames, and how many of them come before any content. */
const dialects = [
  {
    dialect: 'anthropic',
    path: '/anthropic:claude-opus-5-5/v1/messages',
    head: anthropicSseHead(),
    frames: anthropicFrames(turn, 'claude-opus-5-5'),
    framesBeforeContent: 2,
    framesWithContent: 5,
  },
  {
    dialect: 'openai-chat',
    path: '/openai:vendor/model:tag/v1/messages',
    head: openAiChatSseHead(),
    frames: openAiChatFrames(turn, { model: 'vendor/model:tag', includeUsage: true }),
    framesBeforeContent: 1,
    framesWithContent: 3,
  },
] as const;

const holdMs = 200;
const pingMs = 100;

let suite: Suite;
beforeAll(async () => {
  suite = await startSuite('streams', {
    PREFERRED_PROVIDER: 'openai',
    STREAM_HOLD_MS: String(holdMs),
    PING_INTERVAL_MS: String(pingMs),
  });
});
afterAll(() => suite.close());
beforeEach(() => {
  suite.upstream.reset();
});

async function ask(
  path: string,
  change: object = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<OpenStream> {
  const body = {
    model: 'claude-opus-5-5',
    max_tokens: 64,
    stream: true,
    messages: [{ role: 'user', content: 'hi' }],
    ...change,
  };
  return openStream(suite.gateway.url + path, suite.apiKey, body, headers);
}

describe.each(dialects)('a stream of $dialect', ({ path, head, frames, framesBeforeContent, framesWithContent }) => {
  const upTo = (count: number): Script => [...head, ...frames.slice(0, count).map(write)];

  test('is passed on as it comes', async () => {
    const rest = createGate();
    suite.upstream.answer([
      ...upTo(framesWithContent),
      waitFor(rest.opened),
      ...frames.slice(framesWithContent).map(write),
    ]);
    const stream = await ask(path);
    expect([stream.status, stream.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    await stream.readUntil((so) => so.includes('Half'));
    expect(stream.text()).not.toContain('message_stop');
    rest.open();
    expectWhole(await stream.frames());
  });

  test('is never compressed', async () => {
    suite.upstream.answer(upTo(frames.length));
    const stream = await ask(path, {}, { 'accept-encoding': 'gzip, deflate, br, zstd' });
    expect(stream.headers.get('content-encoding')).toBeNull();
    expectWhole(await stream.frames());
    suite.upstream.play(playModel([turn]));
    const whole = await ask(path, { stream: false }, { 'accept-encoding': 'gzip, deflate, br, zstd' });
    expect(whole.headers.get('content-encoding')).toBeNull();
  });

  test('whose reader leaves ends at the upstream too', async () => {
    suite.upstream.answer([...upTo(framesWithContent), hang]);
    const stream = await ask(path);
    await stream.readUntil((so) => so.includes('Half'));
    const request = await suite.upstream.request(0);
    const left = performance.now();
    stream.leave();
    await request.aborted;
    expect(performance.now() - left).toBeLessThan(5 * 250);
  });

  test.each([
    { mode: 'a stream', stream: true },
    { mode: 'JSON', stream: false },
  ])('whose reader leaves before the first byte of $mode ends at the upstream too', async ({ stream }) => {
    suite.upstream.answer([hang]);
    const leaving = new AbortController();
    const asked = fetch(suite.gateway.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': suite.apiKey },
      body: JSON.stringify({ model: 'm', max_tokens: 64, stream, messages: [{ role: 'user', content: 'hi' }] }),
      signal: leaving.signal,
    });
    const refused = expect(asked.then((answer) => answer.text())).rejects.toThrow('aborted');
    const request = await suite.upstream.request(0);
    const left = performance.now();
    leaving.abort();
    await request.aborted;
    expect(performance.now() - left).toBeLessThan(5 * 250);
    await refused;
  });

  test.each([
    { moment: 'before its head', script: [cut] },
    { moment: 'after its head', script: [...upTo(0), cut] },
    { moment: 'before any content', script: [...upTo(framesBeforeContent), cut] },
    { moment: 'without an end, before any content', script: upTo(framesBeforeContent) },
  ])('that dies $moment is an error that clients retry', async ({ script }) => {
    suite.upstream.answer(script, script);
    const stream = await ask(path);
    const received = await stream.frames();
    if (stream.status === 200) {
      expect(received.filter(({ event }) => event === 'error')).toHaveLength(1);
      expectErrorFrame(stream, received.at(-1), 'overloaded_error');
    } else {
      expect(stream.status).toBeGreaterThanOrEqual(500);
      expect(JSON.parse(stream.text())).toMatchObject({ type: 'error', request_id: stream.headers.get('request-id') });
      expect(stream.headers.get('x-should-retry')).not.toBe('false');
    }
    await expectNextServed(path);
  });

  test('that dies before any content after its status was sent ends in overloaded_error', async () => {
    const death = createGate();
    suite.upstream.answer([...upTo(0), waitFor(death.opened), cut]);
    const stream = await ask(path);
    await stream.readUntil((so) => so.includes('event: ping'));
    death.open();
    expect(stream.status).toBe(200);
    expectErrorFrame(stream, (await stream.frames()).at(-1), 'overloaded_error');
  });

  test.each([
    { how: 'by a cut', last: [cut] },
    { how: 'by an end of the body', last: [] },
  ])('that dies after content, $how, ends in one api_error', async ({ last }) => {
    const death = createGate();
    suite.upstream.answer([...upTo(framesWithContent), waitFor(death.opened), ...last]);
    const stream = await ask(path);
    await stream.readUntil((so) => so.includes('Half'));
    death.open();
    const received = await stream.frames();
    expect(received.filter(({ event }) => event === 'error')).toHaveLength(1);
    expectErrorFrame(stream, received.at(-1), 'api_error');
    expect(received.map(({ event }) => event)).not.toContain('message_stop');
    await expectNextServed(path);
  });

  test('is asked for once more when the connection dies before any answer', async () => {
    suite.upstream.answer([cut], upTo(frames.length));
    const stream = await ask(path);
    expectWhole(await stream.frames());
    expect(suite.upstream.requests).toHaveLength(2);
  });

  test('gets its status and pings while the upstream is silent', async () => {
    const first = createGate();
    suite.upstream.answer([waitFor(first.opened), ...upTo(frames.length)]);
    const stream = await ask(path);
    expect(stream.status).toBe(200);
    await stream.readUntil((so) => so.split('event: ping').length > 3);
    first.open();
    expectWhole(await stream.frames());
  });

  test('is pinged between frames alone when the upstream stops in the middle of one', async () => {
    const whole = Buffer.from(frames.join(''));
    const rest = createGate();
    // In the middle of the frame that holds the second piece of text.
    const middle = whole.indexOf('loaf is') + 2;
    suite.upstream.answer([
      ...head,
      write(whole.subarray(0, middle)),
      waitFor(rest.opened),
      write(whole.subarray(middle)),
    ]);
    const stream = await ask(path);
    const before = (await stream.readUntil((so) => so.includes('Half'))).split('event: ping').length;
    await stream.readUntil((so) => so.split('event: ping').length > before + 1);
    rest.open();
    expectWhole(await stream.frames());
  });
});

function expectWhole(frames: readonly CollectedFrame[]): void {
  const events = frames.map(({ event, data }) => {
    const value: unknown = JSON.parse(data);
    expect(jsonAt(value, 'type')).toBe(event);
    return value;
  });
  expect(events.map((event) => jsonTextAt(event, 'delta', 'text')).join('')).toBe(text);
  const names = frames.map(({ event }) => event).filter((name) => name !== 'ping');
  expect(names.filter((name) => name !== 'content_block_delta')).toEqual([
    'message_start',
    'content_block_start',
    'content_block_stop',
    'message_delta',
    'message_stop',
  ]);
}

function expectErrorFrame(stream: OpenStream, frame: CollectedFrame | undefined, type: string): void {
  expect(frame?.event).toBe('error');
  expect(JSON.parse(frame?.data ?? '')).toMatchObject({
    type: 'error',
    error: { type, message: expect.stringMatching(/\w/u) },
    request_id: stream.headers.get('request-id'),
  });
}

async function expectNextServed(path: string): Promise<void> {
  suite.upstream.reset();
  suite.upstream.play(playModel([turn]));
  expectWhole(await (await ask(path)).frames());
}
