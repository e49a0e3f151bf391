import { anthropicFrames, cut, hang, head, openAiChatFrames, playModel, say, write } from '@ccg/testkit';
import type { Script } from '@ccg/testkit';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anthropicModel, ask, chatModel, endOf, run, startServingRig } from '../test/serving-rig.ts';
import type { ServingRig } from '../test/serving-rig.ts';

const turn = { content: [say('Half')] };
const completion = {
  choices: [{ message: { content: 'Half' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1200, completion_tokens: 34 },
};
const message = {
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [{ type: 'text', text: 'Half' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 1200, output_tokens: 34 },
};
const labels = [
  'text/event-stream',
  'TEXT/EVENT-STREAM; charset=utf-8',
  'application/json',
  'application/json; charset=utf-8',
  'text/plain',
  'application/x-ndjson',
  'application/octet-stream',
  // What PHP says if nobody told it anything else.
  'text/html; charset=UTF-8',
  undefined,
];
const targets = [
  {
    prefix: chatModel,
    profile: 'claude' as const,
    events: openAiChatFrames(turn, { model: 'm', includeUsage: true }).join(''),
    document: JSON.stringify(completion),
  },
  {
    prefix: anthropicModel,
    profile: 'claude' as const,
    events: anthropicFrames(turn, 'm').join(''),
    document: JSON.stringify(message),
  },
  {
    prefix: anthropicModel,
    profile: 'glm' as const,
    events: anthropicFrames(turn, 'm').join(''),
    document: JSON.stringify(message),
  },
];

describe.each(targets)('an answer of $prefix.provider, $profile,', ({ prefix, profile, events, document }) => {
  let rig: ServingRig;
  beforeAll(async () => {
    rig = await startServingRig({ anthropicProfile: profile });
  });
  afterAll(() => rig.close());

  const labelled = (label: string | undefined, ...script: Script): Script => [
    head(200, label === undefined ? {} : { 'content-type': label }),
    ...script,
  ];
  const served = (script: Script, stream: boolean) => {
    rig.upstream.play(() => script);
    return run(rig, { prefix, change: { stream } });
  };

  test.each(labels)('is what its body is, whatever its label says: %s', async (label) => {
    for (const body of [events, document, `\n\n${events}`, ` \n${document}`]) {
      const streamed = await served(labelled(label, write(body)), true);
      expect([streamed.end, streamed.record.usageSource]).toEqual(['completed ok', 'reported']);
      expect(streamed.text).toMatch(/event: message_start[^]*"Half"[^]*event: message_stop/u);
      const whole = await served(labelled(label, write(body)), false);
      expect([whole.end, whole.record.usageSource]).toEqual(['completed ok', 'reported']);
      expect(JSON.parse(whole.text)).toMatchObject({ type: 'message', content: [{ type: 'text', text: 'Half' }] });
    }
  });

  test.each(labels)('that is a failure is that failure, whatever its label says: %s', async (label) => {
    const failure = { type: 'error', error: { type: 'rate_limit_error', message: 'slow down', code: 429 } };
    for (const stream of [true, false]) {
      const { record } = await served(labelled(label, write(JSON.stringify(failure, null, 2))), stream);
      expect(record.end).toMatchObject({ kind: 'unsent', error: { status: 429, type: 'rate_limit_error' } });
    }
  });

  test.each(labels)(
    'that is a web page says that the base URL is wrong, whatever its label says: %s',
    async (label) => {
      for (const page of ['<!doctype html><title>Sign in</title>', '\n  <html>\n\n</html>', '\ufeff<html></html>']) {
        for (const stream of [true, false]) {
          const { record } = await served(labelled(label, write(page)), stream);
          expect(record.end).toMatchObject({
            kind: 'unsent',
            error: { status: 502, retry: 'never', publicMessage: expect.stringContaining('is a web page there') },
          });
        }
      }
    },
  );

  test('that is words or nothing under the label of a page is one, too', async () => {
    for (const words of ['Welcome', '']) {
      const { record } = await served(labelled('text/html', write(words)), true);
      expect(record.end).toMatchObject({ error: { publicMessage: expect.stringContaining('is a web page there') } });
    }
  });

  test('that is a document cut by its connection is no success', async () => {
    for (const stream of [true, false]) {
      const { end } = await served(labelled('application/json', write(document.slice(0, -3)), cut), stream);
      expect(end).toBe('unsent upstream_truncated');
    }
  });

  test.each(labels)(
    'that is whole is one, although its connection broke, whatever its label says: %s',
    async (label) => {
      for (const body of [events, document, `${document}\n`, JSON.stringify(JSON.parse(document), null, 2)]) {
        for (const stream of [true, false]) {
          const { end, text } = await served(labelled(label, write(body), cut), stream);
          expect([end, text.match(/"Half"/gu)?.length]).toEqual(['completed ok', 1]);
        }
      }
    },
  );

  test('that is events for a request without "stream" may lack its end', async () => {
    const frames = events.split('\n\n').filter((frame) => !/\[DONE\]|message_stop/u.test(frame));
    rig.upstream.play(() => labelled('text/event-stream', write(`${frames.join('\n\n')}\n\n: hi\n\n`), hang));
    const { sink, record } = ask(rig, { prefix });
    while (!sink.ended()) {
      rig.clock.advance(1000);
      await setImmediate();
    }
    expect(endOf(await record)).toBe('completed ok');
    expect(JSON.parse(sink.text())).toMatchObject({ content: [{ type: 'text', text: 'Half' }] });
  });

  test('that is a document of an ordinary server is relayed as before', async () => {
    rig.upstream.play(playModel([turn]));
    expect((await run(rig, { prefix })).end).toBe('completed ok');
  });
});
