import { setImmediate } from 'node:timers/promises';
import { GatewayError } from '@ccg/kernel';
import {
  anthropicFrame,
  anthropicFrames,
  anthropicSseHead,
  createGate,
  cut,
  hang,
  head,
  jsonScript,
  openAiChatFrames,
  openAiChatSseHead,
  playModel,
  say,
  waitFor,
  write,
} from '@ccg/testkit';
import type { Script } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { anthropicModel, ask, chatModel, endOf, run, startServingRig } from '../test/serving-rig.ts';
import type { ServingRig } from '../test/serving-rig.ts';

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

describe.each(dialects)(
  'an answer of $prefix.provider',
  ({ prefix, opened, frames, framesBeforeContent, framesWithContent }) => {
    const upTo = (count: number): Script => [...opened, ...frames.slice(0, count).map(write)];

    test.each([{ change: stream }, { change: {} }])(
      'a whole answer is relayed, counted and given back: $change',
      async ({ change }) => {
        rig.upstream.play(playModel([turn]));
        const { end, text, record } = await run(rig, { prefix, change });
        expect(end).toBe('completed ok');
        expect(text).toContain(change === stream ? 'event: message_stop' : 'Half a loaf is better than none.');
        expect(record.attempts).toMatchObject([{ status: 200, outcome: 'ok', target: { provider: prefix.provider } }]);
        expect(record).toMatchObject({ usage: { inputTokens: 1200, outputTokens: 34 }, usageSource: 'reported' });
      },
    );

    test.each<readonly [string, Script, string]>([
      ['refuses the request', jsonScript(400, { error: { message: 'no' } }), 'unsent client_bad_request'],
      ['finds the request too large', jsonScript(413, { error: { message: 'no' } }), 'unsent client_too_large'],
      ['does not permit it to us', jsonScript(403, { error: { message: 'no' } }), 'unsent upstream_credential'],
      ['wants to be paid', jsonScript(402, { error: { message: 'no' } }), 'unsent upstream_credential'],
      ['rejects our credential', jsonScript(401, { error: { message: 'no' } }), 'unsent upstream_credential'],
      ['has its own limit', jsonScript(429, { error: { message: 'no' } }), 'unsent upstream_rate_limited'],
      ['is overloaded', jsonScript(529, { error: { message: 'no' } }), 'unsent upstream_overloaded'],
      ['fails', jsonScript(500, { error: { message: 'no' } }), 'unsent upstream_error'],
      ['is malformed', [...opened, write('<html>nonsense</html>\n\n<p>\n\n')], 'unsent upstream_(?:error|truncated)'],
      ['ends before its end', upTo(framesBeforeContent), '^(?:unsent|broken) upstream_truncated'],
      ['ends in the middle', upTo(framesWithContent), 'broken upstream_truncated'],
      ['is cut in the middle', [...upTo(framesWithContent), cut], '^(?:unsent|broken) upstream_truncated'],
      ['is one JSON document', jsonScript(200, { error: { message: 'no' } }), 'unsent upstream_error'],
    ])('a stream whose provider %s ends as what it is', async (_how, script, end) => {
      rig.upstream.play(() => script);
      expect((await run(rig, { prefix, change: stream })).end).toMatch(new RegExp(end, 'u'));
    });

    test.each<readonly [string, Script, string]>([
      ['fails', jsonScript(500, { error: { message: 'no' } }), 'unsent upstream_error'],
      ['is no JSON', [head(200, { 'content-type': 'application/json' }), write('nonsense')], 'unsent upstream_error'],
      ['is cut', [head(200, { 'content-type': 'application/json' }), write('{"'), cut], 'unsent upstream_truncated'],
    ])('a JSON answer that %s is an error', async (_how, script, end) => {
      rig.upstream.play(() => script);
      expect((await run(rig, { prefix })).end).toBe(end);
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
      expect((await run(rig, { prefix, change: stream })).end).toBe('unsent upstream_overloaded');
      const { sink, record } = ask(rig, { prefix, change: stream });
      await sink.until((text) => text.includes('Half'));
      failing.open();
      expect(endOf(await record)).toBe('broken upstream_overloaded');
      expect(sink.text().match(/event: error/gu)).toHaveLength(1);
    });

    test('a request is sent again if its connection was about to be closed, and not if it may have been processed', async () => {
      const leaveConnection = async () => {
        rig.upstream.answer(jsonScript(500, { error: { message: 'no' } }));
        await run(rig, { prefix, change: stream });
        await setImmediate();
      };
      await leaveConnection();
      rig.upstream.answer([cut], upTo(frames.length));
      const { end, record } = await run(rig, { prefix, change: stream });
      expect([end, record.attempts.length]).toEqual(['completed ok', 2]);
      await leaveConnection();
      rig.upstream.answer([cut], [cut]);
      const twice = await run(rig, { prefix, change: stream });
      expect([twice.end, twice.record.attempts.length]).toEqual(['unsent upstream_truncated', 2]);
      rig.upstream.answer([cut]);
      const once = await run(rig, { prefix, change: stream });
      expect([once.end, once.record.attempts.length]).toEqual(['unsent upstream_truncated', 1]);
    });

    test.each([stream, {}])('a provider that does not begin is timed out: %j', async (change) => {
      rig.upstream.play(() => [hang]);
      const { record } = ask(rig, { prefix, change });
      await rig.upstream.request(0);
      rig.timeOut();
      expect(endOf(await record)).toBe('unsent upstream_timeout');
    });

    test('a provider that falls silent after content is timed out', async () => {
      rig.upstream.play(() => [...upTo(framesWithContent), hang]);
      const { sink, record } = ask(rig, { prefix, change: stream });
      await sink.until((text) => text.includes('Half'));
      rig.timeOut();
      expect(endOf(await record)).toBe('broken upstream_timeout');
      expect(sink.text()).toMatch(/event: error\ndata: .*"request_id":"req_test"\}\n\n$/u);
    });

    test.each([
      ['gone', 'client-gone', 'client_aborted'],
      ['stalled', 'reader-stalled', 'client_stalled'],
    ] as const)(
      'a client that is %s in the middle of a stream ends it at the provider',
      async (_how, reason, outcome) => {
        rig.upstream.play(() => [...upTo(framesWithContent), hang]);
        const { sink, record } = ask(rig, { prefix, change: stream });
        await sink.until((text) => text.includes('Half'));
        sink.leave(reason);
        expect(endOf(await record)).toBe(`aborted ${outcome}`);
        expect(rig.admission.open()).toEqual([]);
        await (
          await rig.upstream.request(0)
        ).aborted;
      },
    );

    test.each([stream, {}])('a client that leaves before the first byte ends the request: %j', async (change) => {
      rig.upstream.play(() => [hang]);
      const { sink, record } = ask(rig, { prefix, change });
      const request = await rig.upstream.request(0);
      sink.leave('client-gone');
      expect(endOf(await record)).toBe('aborted client_aborted');
      await request.aborted;
    });

    test('a client without room holds the provider back, and gets everything in the end', async () => {
      rig.upstream.play(() => upTo(frames.length));
      const { sink, record } = ask(rig, { prefix, change: stream });
      sink.stall();
      await sink.until((text) => text.includes('event: message_start'));
      sink.resume();
      expect(endOf(await record)).toBe('completed ok');
      expect(sink.text()).toContain('event: message_stop');
    });

    test.each([
      ['before', 0],
      ['after', framesWithContent],
    ])('a drain tells the client of a stream why it ends, %s content', async (_when, count) => {
      rig.upstream.play(() => [...upTo(count), hang]);
      const { sink, record } = ask(rig, { prefix, change: stream });
      await rig.upstream.request(0);
      sink.ping();
      await sink.until((text) => count === 0 || text.includes('Half'));
      sink.interrupt(new GatewayError('draining', 'The gateway is restarting.'));
      expect(endOf(await record)).toBe('broken capacity_draining');
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
        const { sink, record } = ask(rig, { prefix, change: stream });
        await rig.upstream.request(0);
        sink.ping();
        failing.open();
        expect((await record).end.kind).toBe('broken');
        expect([sink.status(), sink.ended()]).toEqual([200, true]);
        expect(sink.text().match(/event: error\ndata: .*/gu)).toEqual([expect.stringContaining(`"type":"${type}"`)]);
      },
    );

    test('a provider that does not begin before its time-out is an overload to a client that was pinged', async () => {
      rig.upstream.play(() => [hang]);
      const { sink, record } = ask(rig, { prefix, change: stream });
      await rig.upstream.request(0);
      sink.ping();
      rig.timeOut();
      expect(endOf(await record)).toBe('broken upstream_timeout');
      expect(sink.text()).toMatch(/event: error\ndata: .*"overloaded_error"/u);
    });
  },
);
