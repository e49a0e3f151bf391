import { anthropicSseHead, createGate, cut, hang, head, openAiChatSseHead, waitFor, write } from '@ccg/testkit';
import type { Script, ScriptStep } from '@ccg/testkit';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { anthropicModel, ask, chatModel, endOf, run, startServingRig } from '../test/serving-rig.ts';
import type { Exchange, ServingRig } from '../test/serving-rig.ts';

const comments: readonly ScriptStep[] = [write(': waiting\n\n'), write(': waiting\n\n')];

const chunk = (choice: object, rest: object = {}) =>
  write(`data: ${JSON.stringify({ choices: [{ index: 0, ...choice }], ...rest })}\n\n`);
const usage = { usage: { prompt_tokens: 1200, completion_tokens: 34 } };
const said = chunk({ delta: { role: 'assistant', content: 'Half a loaf' } });
const call = { index: 0, id: 'call_a', function: { name: 'Bash', arguments: '{"command":"ls"}' } };
const chat = {
  profile: 'claude' as const,
  prefix: chatModel,
  finished: [
    [
      'with usage',
      [
        said,
        chunk({ delta: {}, finish_reason: 'stop' }),
        write(`data: ${JSON.stringify({ choices: [], ...usage })}\n\n`),
      ],
    ],
    ['with usage in the same chunk', [said, chunk({ delta: {}, finish_reason: 'stop' }, usage)]],
    ['without usage', [said, chunk({ delta: {}, finish_reason: 'stop' })]],
    ['because of its length', [said, chunk({ delta: {}, finish_reason: 'length' })]],
    [
      'with a call',
      [chunk({ delta: { tool_calls: [call] } }), chunk({ delta: {}, finish_reason: 'tool_calls' }, usage)],
    ],
    ['in one chunk', [chunk({ delta: { content: 'Half' }, finish_reason: 'stop' })]],
  ] satisfies [string, Script][],
  opened: openAiChatSseHead(),
  unfinished: [said, write(`data: ${JSON.stringify({ choices: [], ...usage })}\n\n`)],
};

const event = (type: string, rest: object = {}) =>
  write(`event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`);
const begin = event('message_start', {
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    content: [],
    usage: { input_tokens: 1200, output_tokens: 1 },
  },
});
const textBlock = [
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Half a loaf' } }),
  event('content_block_stop', { index: 0 }),
];
const messageDelta = (stop: string | null) =>
  event('message_delta', { delta: { stop_reason: stop, stop_sequence: null }, usage: { output_tokens: 34 } });
const anthropic = (profile: 'claude' | 'glm') => ({
  profile,
  prefix: anthropicModel,
  finished: [
    ['at its end', [begin, ...textBlock, messageDelta('end_turn')]],
    ['because of its length', [begin, ...textBlock, messageDelta('max_tokens')]],
  ] satisfies [string, Script][],
  opened: anthropicSseHead(),
  unfinished: [begin, ...textBlock, messageDelta(null)],
});

describe.each([chat, anthropic('claude'), anthropic('glm')])(
  'an answer of $prefix.provider, $profile, that never ends',
  ({ prefix, profile, finished, opened, unfinished }) => {
    let rig: ServingRig;
    beforeEach(async () => {
      rig = await startServingRig({ anthropicProfile: profile });
    });
    afterEach(() => rig.close());

    const asked = (script: Script): Exchange => {
      rig.upstream.play(() => [...opened, ...script, ...comments, hang]);
      return ask(rig, { prefix, change: { stream: true } });
    };
    /** A second at the gateway, and many turns of the event loop. */
    const passSecond = async () => {
      rig.clock.advance(1000);
      for (let turn = 0; turn < 20; turn += 1) await setImmediate();
    };

    test.each(finished)('is whole after a grace period if it has finished %s', async (_how, script) => {
      const { sink, record } = asked(script);
      while (!sink.ended()) await passSecond();
      expect(endOf(await record)).toBe('completed ok');
      expect(sink.text()).toMatch(/"stop_reason":"[a-z_]+"[^]*event: message_stop\ndata: .*\n\n$/u);
      expect(sink.text().match(/event: message_stop/gu)).toHaveLength(1);
      await (
        await rig.upstream.request(0)
      ).aborted;
    });

    test.each(finished)(
      'is whole if its connection breaks after its end, should its usage have come: %s',
      async (_how, script) => {
        for (const stream of [true, false]) {
          rig.upstream.play(() => [...opened, ...script, ...comments, cut]);
          const { end, text } = await run(rig, { prefix, change: { stream } });
          // Without it a reason to stop may be one of many.
          const hasUsage = /(?:output|completion)_tokens/u.test(JSON.stringify(script));
          expect(end).toMatch(hasUsage ? /^completed ok$/u : /upstream_truncated$/u);
          if (hasUsage) expect(text).toMatch(/"stop_reason":"[a-z_]+"/u);
        }
      },
    );

    test('is no success if its connection breaks before its end', async () => {
      for (const stream of [true, false]) {
        rig.upstream.play(() => [...opened, ...unfinished, ...comments, cut]);
        const { end } = await run(rig, { prefix, change: { stream } });
        expect(end).toMatch(/upstream_truncated$/u);
      }
    });

    test('is no success without a reason to stop, however long it is waited for', async () => {
      const { sink, record } = asked(unfinished);
      await sink.until((text) => text.includes('loaf'));
      for (let second = 0; second < 100; second += 1) await passSecond();
      expect(sink.ended()).toBe(false);
      rig.timeOut();
      expect(endOf(await record)).toBe('broken upstream_timeout');
    });
  },
);

const documents = [
  {
    name: 'chat completions',
    profile: 'claude',
    prefix: chatModel,
    document: {
      choices: [{ index: 0, message: { content: 'Half a loaf' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 12, completion_tokens: 3 },
    },
  },
  ...(['claude', 'glm'] as const).map((profile) => ({
    name: `Messages, ${profile}`,
    profile,
    prefix: anthropicModel,
    document: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [{ type: 'text', text: 'Half a loaf' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 12, output_tokens: 3 },
    },
  })),
] as const;

describe.each(documents)('a document of $name whose connection stays open', ({ profile, prefix, document }) => {
  const text = JSON.stringify(document, null, 2);
  // After each of these the document so far ends like a whole one.
  const parts = text.split(/(?<=\}\n)/u).map((part) => write(part));

  test.each([true, false])('is whole after a grace period (stream %s)', async (stream) => {
    const rig = await startServingRig({ anthropicProfile: profile });
    rig.upstream.play(() => [head(200, { 'content-type': 'application/json' }), ...parts, hang]);
    const { sink, record } = ask(rig, { prefix, change: { stream } });
    while (!sink.ended()) {
      rig.clock.advance(1000);
      for (let turn = 0; turn < 20; turn += 1) await setImmediate();
    }
    expect(endOf(await record)).toBe('completed ok');
    expect(sink.text()).toContain('Half a loaf');
    expect(sink.text()).toMatch(/"stop_reason": ?"end_turn"/u);
    await (
      await rig.upstream.request(0)
    ).aborted;
    await rig.close();
  });

  test.each([true, false])('is waited for as long as it is not whole (stream %s)', async (stream) => {
    const rig = await startServingRig({ anthropicProfile: profile });
    rig.upstream.play(() => [head(200, { 'content-type': 'application/json' }), ...parts.slice(0, -1), hang]);
    const { sink, record } = ask(rig, { prefix, change: { stream } });
    await rig.upstream.request(0);
    for (let second = 0; second < 100; second += 1) {
      rig.clock.advance(1000);
      for (let turn = 0; turn < 20; turn += 1) await setImmediate();
    }
    expect(sink.ended()).toBe(false);
    rig.timeOut();
    expect(endOf(await record)).toMatch(/upstream_timeout$/u);
    await rig.close();
  });
});

test('the time in which a client has no room is no silence of a provider that gives a reason with every part', async () => {
  const rig = await startServingRig();
  const sent = createGate();
  const part = (content: string) => chunk({ delta: { content }, finish_reason: 'stop' });
  rig.upstream.play(() => [
    ...openAiChatSseHead(),
    part('Half '),
    waitFor(sent.opened),
    part('a loaf'),
    write('data: [DONE]\n\n'),
  ]);
  const { sink, record } = ask(rig, { prefix: chatModel, change: { stream: true } });
  sink.stall();
  await sink.until((text) => text.includes('Half'));
  sent.open();
  for (let second = 0; second < 100; second += 1) {
    rig.clock.advance(1000);
    await setImmediate();
  }
  expect(sink.ended()).toBe(false);
  sink.resume();
  expect(endOf(await record)).toBe('completed ok');
  expect(sink.text()).toMatch(/Half [^]*a loaf[^]*event: message_stop/u);
  await rig.close();
});
