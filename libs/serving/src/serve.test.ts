import { GatewayError } from '@ccg/kernel';
import {
  anthropicFrame,
  anthropicFrames,
  anthropicSseHead,
  createGate,
  cut,
  hang,
  head,
  jsonAt,
  jsonScript,
  openAiChatFrames,
  openAiChatSseHead,
  playModel,
  say,
  unreachableUrl,
  waitFor,
  write,
} from '@ccg/testkit';
import type { Script } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { anthropicModel, ask, chatModel, startServingRig } from '../test/serving-rig.ts';
import type { Ask, ServingRig } from '../test/serving-rig.ts';
import type { Outcome } from './outcome.ts';

const turn = { content: [say('Half a loaf is better than none.')] };
const dialects = [
  {
    prefix: anthropicModel,
    opened: anthropicSseHead(),
    frames: anthropicFrames(turn, anthropicModel.model),
    framesBeforeContent: 2,
    framesWithContent: 5,
  },
  {
    prefix: chatModel,
    opened: openAiChatSseHead(),
    frames: openAiChatFrames(turn, { model: chatModel.model, includeUsage: true }),
    framesBeforeContent: 1,
    framesWithContent: 3,
  },
];
const stream = { stream: true };

let rig: ServingRig;
beforeEach(async () => {
  rig = await startServingRig();
});
afterEach(() => rig.close());

/** How a request ended, in one word or two. */
function endOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'completed':
      return 'completed';
    case 'aborted':
      return `aborted ${outcome.reason}`;
    case 'rejected':
    case 'broken':
      return `${outcome.kind} ${outcome.error.code}`;
  }
}

async function run(asked: Ask): Promise<{ readonly end: string; readonly text: string; readonly outcome: Outcome }> {
  const { sink, outcome } = ask(rig, asked);
  const ended = await outcome;
  expect(rig.admission.open()).toEqual([]);
  return { end: endOf(ended), text: sink.text(), outcome: ended };
}

describe.each(dialects)('of $prefix.provider', ({ prefix, opened, frames, framesBeforeContent, framesWithContent }) => {
  const upTo = (count: number): Script => [...opened, ...frames.slice(0, count).map(write)];

  test.each([{ change: stream }, { change: {} }])(
    'a whole answer is relayed, counted and given back: $change',
    async ({ change }) => {
      rig.upstream.play(playModel([turn]));
      const { end, text, outcome } = await run({ prefix, change });
      expect(end).toBe('completed');
      expect(text).toContain(change === stream ? 'event: message_stop' : 'Half a loaf is better than none.');
      expect(outcome.facts).toMatchObject({ attempts: 1, upstreamStatus: 200, usageReported: true });
      expect(outcome.facts.usage).toMatchObject({ inputTokens: 1200, outputTokens: 34 });
    },
  );

  test.each<readonly [string, Script, string]>([
    ['refuses the request', jsonScript(400, { error: { message: 'no' } }), 'rejected upstream-refused'],
    ['rejects our credential', jsonScript(401, { error: { message: 'no' } }), 'rejected upstream-credential-rejected'],
    ['has its own limit', jsonScript(429, { error: { message: 'no' } }), 'rejected upstream-rate-limited'],
    ['is overloaded', jsonScript(529, { error: { message: 'no' } }), 'rejected upstream-overloaded'],
    ['fails', jsonScript(500, { error: { message: 'no' } }), 'rejected upstream-failed'],
    ['is malformed', [...opened, write('<html>nonsense</html>\n\n<p>\n\n')], 'rejected upstream-'],
    ['ends before its end', upTo(framesBeforeContent), '^(?:rejected|broken) upstream-truncated'],
    ['ends in the middle', upTo(framesWithContent), 'broken upstream-truncated'],
    ['is cut in the middle', [...upTo(framesWithContent), cut], '^(?:rejected|broken) upstream-truncated'],
    ['is one JSON document', jsonScript(200, { error: { message: 'no' } }), 'rejected upstream-'],
  ])('a stream whose provider %s ends as what it is', async (_how, script, end) => {
    rig.upstream.play(() => script);
    expect((await run({ prefix, change: stream })).end).toMatch(new RegExp(end, 'u'));
  });

  test.each<readonly [string, Script, string]>([
    ['fails', jsonScript(500, { error: { message: 'no' } }), 'rejected upstream-failed'],
    [
      'is no JSON',
      [head(200, { 'content-type': 'application/json' }), write('nonsense')],
      'rejected upstream-malformed',
    ],
    ['is cut', [head(200, { 'content-type': 'application/json' }), write('{"'), cut], 'rejected upstream-truncated'],
  ])('a JSON answer that %s is an error', async (_how, script, end) => {
    rig.upstream.play(() => script);
    expect((await run({ prefix })).end).toBe(end);
  });

  test('an error in the stream, before and after content, is the error that clients get', async () => {
    const failure =
      prefix === anthropicModel
        ? anthropicFrame('error', { error: { type: 'overloaded_error', message: 'Overloaded' } })
        : 'data: {"error":{"message":"Overloaded","code":529}}\n\n';
    const failing = createGate();
    rig.upstream.answer(
      [...opened, write(failure)],
      [...upTo(framesWithContent), waitFor(failing.opened), write(failure)],
    );
    expect((await run({ prefix, change: stream })).end).toBe('rejected upstream-overloaded');
    const { sink, outcome } = ask(rig, { prefix, change: stream });
    await sink.until((text) => text.includes('Half'));
    failing.open();
    expect(endOf(await outcome)).toBe('broken upstream-overloaded');
    expect(sink.text().match(/event: error/gu)).toHaveLength(1);
  });

  test('a connection that dies before its answer is tried once more, and is unreachable after that', async () => {
    rig.upstream.answer([cut], upTo(frames.length), [cut], [cut]);
    const { end, outcome } = await run({ prefix, change: stream });
    expect([end, outcome.facts.attempts]).toEqual(['completed', 2]);
    expect((await run({ prefix, change: stream })).end).toBe('rejected upstream-unreachable');
  });

  test.each([stream, {}])('a provider that does not begin is timed out: %j', async (change) => {
    rig.upstream.play(() => [hang]);
    const { outcome } = ask(rig, { prefix, change });
    await rig.upstream.request(0);
    rig.timeOut();
    expect(endOf(await outcome)).toBe('rejected upstream-timeout');
  });

  test('a provider that falls silent after content is timed out', async () => {
    rig.upstream.play(() => [...upTo(framesWithContent), hang]);
    const { sink, outcome } = ask(rig, { prefix, change: stream });
    await sink.until((text) => text.includes('Half'));
    rig.timeOut();
    expect(endOf(await outcome)).toBe('broken upstream-timeout');
  });

  test.each([
    ['gone', 'client-gone'],
    ['stalled', 'reader-stalled'],
  ] as const)('a client that is %s in the middle of a stream ends it at the provider', async (_how, reason) => {
    rig.upstream.play(() => [...upTo(framesWithContent), hang]);
    const { sink, outcome } = ask(rig, { prefix, change: stream });
    await sink.until((text) => text.includes('Half'));
    sink.leave(reason);
    expect(endOf(await outcome)).toBe(`aborted ${reason}`);
    expect(rig.admission.open()).toEqual([]);
    await (
      await rig.upstream.request(0)
    ).aborted;
  });

  test.each([stream, {}])('a client that leaves before the first byte ends the request: %j', async (change) => {
    rig.upstream.play(() => [hang]);
    const { sink, outcome } = ask(rig, { prefix, change });
    const request = await rig.upstream.request(0);
    sink.leave('client-gone');
    expect(endOf(await outcome)).toBe('aborted client-gone');
    await request.aborted;
  });

  test('a client without room holds the provider back, and gets everything in the end', async () => {
    rig.upstream.play(() => upTo(frames.length));
    const { sink, outcome } = ask(rig, { prefix, change: stream });
    sink.stall();
    await sink.until((text) => text.includes('event: message_start'));
    sink.resume();
    expect(endOf(await outcome)).toBe('completed');
    expect(sink.text()).toContain('event: message_stop');
  });

  test.each([
    ['before', 0],
    ['after', framesWithContent],
  ])('a drain tells the client of a stream why it ends, %s content', async (_when, count) => {
    rig.upstream.play(() => [...upTo(count), hang]);
    const { sink, outcome } = ask(rig, { prefix, change: stream });
    await rig.upstream.request(0);
    sink.ping();
    await sink.until((text) => count === 0 || text.includes('Half'));
    sink.interrupt(new GatewayError('draining', 'The gateway is restarting.'));
    expect(endOf(await outcome)).toBe('broken draining');
    expect(sink.text()).toMatch(/event: error\ndata: .*overloaded_error.*The gateway is restarting\./u);
  });

  test.each<readonly [string, Script, string]>([
    ['a failure', jsonScript(500, { error: { message: 'no' } }), 'overloaded_error'],
    ['a limit', jsonScript(429, { error: { message: 'no' } }), 'rate_limit_error'],
    ['a refusal', jsonScript(400, { error: { message: 'no' } }), 'invalid_request_error'],
    ['a credential that is rejected', jsonScript(401, { error: { message: 'no' } }), 'api_error'],
  ])(
    '%s after a ping is the last event, with the type that makes the client do the right thing',
    async (_what, script, type) => {
      const failing = createGate();
      rig.upstream.play(() => [waitFor(failing.opened), ...script]);
      const { sink, outcome } = ask(rig, { prefix, change: stream });
      await rig.upstream.request(0);
      sink.ping();
      failing.open();
      expect((await outcome).kind).toBe('broken');
      expect([sink.status(), sink.ended()]).toEqual([200, true]);
      expect(sink.text().match(/event: error\ndata: .*/gu)).toEqual([expect.stringContaining(`"type":"${type}"`)]);
    },
  );

  test('a provider that does not begin before its time-out is an overload to a client that was pinged', async () => {
    rig.upstream.play(() => [hang]);
    const { sink, outcome } = ask(rig, { prefix, change: stream });
    await rig.upstream.request(0);
    sink.ping();
    rig.timeOut();
    expect(endOf(await outcome)).toBe('broken upstream-timeout');
    expect(sink.text()).toMatch(/event: error\ndata: .*"overloaded_error"/u);
  });
});

test.each<readonly [string, Ask, string]>([
  ['no JSON', { raw: Buffer.from('{"model":') }, 'rejected request-invalid'],
  ['no model', { raw: Buffer.from('{}') }, 'rejected request-invalid'],
  ['a provider that is not configured', { prefix: { provider: 'nobody', model: 'm' } }, 'rejected provider-unknown'],
  [
    'a block that cannot be translated',
    { prefix: chatModel, change: { messages: [{ role: 'user', content: 7 }] } },
    'rejected request-invalid',
  ],
])('a request with %s is refused and asks no provider', async (_what, asked, end) => {
  expect((await run(asked)).end).toBe(end);
  expect(rig.upstream.requests).toHaveLength(0);
});

test.each<readonly [string, boolean, string]>([
  ['its provider reports them', true, 'reported'],
  ['nobody reports them', false, 'estimated'],
])('tokens are counted apart: %s', async (_who, includeUsage, source) => {
  const frames = openAiChatFrames(turn, { model: chatModel.model, includeUsage });
  rig.upstream.play(() => [...openAiChatSseHead(), ...frames.map(write)]);
  await run({ prefix: chatModel, change: stream });
  const { text } = await rig.metrics.expose();
  expect(text).toMatch(
    new RegExp(`ccg_tokens_total\\{dialect="openai-chat",kind="output",source="${source}"\\} \\d`, 'u'),
  );
  expect(text.match(/^ccg_tokens_total.*kind="output"/gmu)).toHaveLength(1);
});

test('a request above the limit of its tenant is refused with the time to wait, and asks no provider', async () => {
  const limit = {
    kind: 'rate',
    name: 'requests',
    subject: 'tenant',
    capacity: 60,
    refillPerSecond: 1,
    cost: 1,
  } as const;
  rig.admission.decide(() => Promise.resolve({ kind: 'limited', limit, retryAfterMs: 2500 }));
  const { end, outcome } = await run({});
  expect(end).toBe('rejected rate-limited');
  expect(outcome).toMatchObject({ error: { status: 429, retryAfterSeconds: 3 } });
  expect(rig.upstream.requests).toHaveLength(0);
});

test('a script of ours that fails in Redis is an internal error', async () => {
  rig.admission.decide(() => Promise.reject(new Error('ERR wrong type')));
  expect((await run({})).end).toBe('rejected internal');
});

test('an address where nobody listens is unreachable', async () => {
  await rig.close();
  rig = await startServingRig({ openAiUrl: await unreachableUrl() });
  expect((await run({ prefix: chatModel, change: stream })).end).toBe('rejected upstream-unreachable');
});

test.each([stream, {}])(
  'a request for no token is answered here where the provider has no such thing: %j',
  async (change) => {
    const { end, outcome } = await run({ prefix: chatModel, change: { ...change, max_tokens: 0 } });
    expect([end, outcome.facts.attempts]).toEqual(['completed', 0]);
  },
);

test('a field that the provider refuses is left out of a second try, and of the next request', async () => {
  const play = playModel([turn]);
  const refusal = jsonScript(400, {
    error: {
      message: "Unrecognized request argument supplied: 'temperature'",
      param: 'temperature',
      code: 'unknown_parameter',
    },
  });
  rig.upstream.play((request) => (jsonAt(request.json(), 'temperature') === undefined ? play(request) : refusal));
  const asked = { prefix: chatModel, change: { temperature: 0.5 } };
  const first = await run(asked);
  expect([first.end, first.outcome.facts.attempts]).toEqual(['completed', 2]);
  const next = await run(asked);
  expect([next.end, next.outcome.facts.attempts]).toEqual(['completed', 1]);
});
