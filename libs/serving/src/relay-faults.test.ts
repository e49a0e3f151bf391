import { setImmediate } from 'node:timers/promises';
import {
  createManualClock,
  anthropicFrames,
  anthropicSseHead,
  hang,
  openAiChatFrames,
  openAiChatSseHead,
  say,
  write,
  survivorsOf,
} from '@ccg/testkit';
import { createMetrics } from '@ccg/telemetry';
import type { AnswerReader, Progress, StreamTranslator } from '@ccg/translation';
import type { ChunkReceiver, UpstreamBody } from '@ccg/upstream';
import { noUsage } from '@ccg/wire';
import { expect, test } from 'vitest';
import { createRecordingSink } from '../test/recording-sink.ts';
import type { RecordingSink } from '../test/recording-sink.ts';
import { anthropicModel, ask, chatModel, startServingRig, targetFor } from '../test/serving-rig.ts';
import { relayStream } from './relay.ts';
import type { Relayed } from './relay.ts';

/** An upstream's body in the test's hands. */
interface ControlledBody extends UpstreamBody {
  push(text: string): Promise<void> | undefined;
  close(): void;
  readonly aborted: () => boolean;
}

function controlledBody(): ControlledBody {
  let receive: ChunkReceiver | undefined;
  let aborted = false;
  const ended = Promise.withResolvers<void>();
  return {
    pipe(receiver) {
      receive = receiver;
      return ended.promise;
    },
    collect: () => Promise.resolve(new Uint8Array()),
    abort() {
      aborted = true;
    },
    push: (text) => receive?.(Buffer.from(text)),
    close: ended.resolve,
    aborted: () => aborted,
  };
}

type Fault = 'push' | 'end' | 'end and fail';

/** Passes text on; `done` is its terminal event. */
function faultyReader(fault?: Fault): AnswerReader {
  const bug = () => {
    throw new TypeError('a bug in a translator');
  };
  return {
    answer: bug,
    collect: bug,
    failure: bug,
    stream(sink): StreamTranslator {
      let progress: Progress = {
        visible: false,
        usage: noUsage,
        usageSource: 'estimated',
        state: 'open',
        finishedAt: undefined,
        error: undefined,
      };
      return {
        push(bytes) {
          const text = Buffer.from(bytes).toString('latin1');
          if (fault === 'push' && text === 'boom') bug();
          sink(text);
          if (text === 'done') progress = { ...progress, state: 'complete' };
        },
        end() {
          if (fault === 'end' || fault === 'end and fail') bug();
        },
        fail(error) {
          if (fault === 'end and fail') bug();
          if (progress.state !== 'open') return;
          progress = { ...progress, state: 'failed', error };
          sink(`[${error.code}]`);
        },
        progress: () => progress,
      };
    },
  };
}

interface Relaying {
  readonly body: ControlledBody;
  readonly sink: RecordingSink;
  readonly clock: ReturnType<typeof createManualClock>;
  readonly relayed: Promise<Relayed>;
}

function relaying(reader: AnswerReader): Relaying {
  const body = controlledBody();
  const sink = createRecordingSink();
  const clock = createManualClock();
  const job = {
    target: targetFor('m'),
    response: { status: 200, headers: [['content-type', 'text/event-stream'] as const], body },
    reader,
    provenance: { upstreamRequestId: undefined, warnings: [] },
    requestId: 'req_test',
    elapsedMs: clock.monotonicMs,
    sink,
    measure() {},
    onVisible() {},
  };
  return { body, sink, clock, relayed: relayStream(job, { clock, metrics: createMetrics() }) };
}

test.each(['end', 'end and fail'] as const)(
  'a fault in the %s of a translator ends the stream with an error',
  async (fault) => {
    const { body, sink, relayed } = relaying(faultyReader(fault));
    await setImmediate();
    void body.push('begin');
    body.close();
    expect(await relayed).toMatchObject({ kind: 'answered', end: { kind: 'broken', error: { code: 'internal' } } });
    expect(sink.ended()).toBe(true);
    expect(sink.text()).toMatch(/^begin(?:\[internal\]|event: error)/u);
  },
);

test('a fault of a translator amid a stream is an internal error, and ends the call', async () => {
  const { body, sink, relayed } = relaying(faultyReader('push'));
  await setImmediate();
  void body.push('begin');
  expect(() => body.push('boom')).toThrow('a bug');
  expect(await relayed).toMatchObject({ end: { kind: 'broken', error: { code: 'internal' } } });
  expect([body.aborted(), sink.text()]).toEqual([true, 'begin[internal]']);
});

test('a fault of a translator before its first frame leaves the status and another target open', async () => {
  const { body, sink, relayed } = relaying(faultyReader('end'));
  await setImmediate();
  body.close();
  expect(await relayed).toMatchObject({ kind: 'failed', failure: { code: 'internal' } });
  expect(sink.committed).toBe(false);
});

test('a provider that closes after its last event leaves no timer behind', async () => {
  const { body, clock, relayed } = relaying(faultyReader());
  await setImmediate();
  void body.push('done');
  expect(await relayed).toMatchObject({ end: { kind: 'completed' } });
  body.close();
  await setImmediate();
  clock.advance(60_000);
  expect(body.aborted()).toBe(false);
});

test('a provider that does not close after its last event is closed after a second', async () => {
  const { body, clock, relayed } = relaying(faultyReader());
  await setImmediate();
  void body.push('done');
  await relayed;
  clock.advance(999);
  expect(body.aborted()).toBe(false);
  clock.advance(1);
  expect(body.aborted()).toBe(true);
});

/** Says with each text that it has finished, as often as the text is long. */
function finishingReader(): AnswerReader {
  const reader = faultyReader();
  return {
    ...reader,
    stream(sink) {
      const translator = reader.stream(sink);
      let finishedAt: number | undefined;
      let isOver = false;
      return {
        ...translator,
        push(bytes) {
          translator.push(bytes);
          if (!Buffer.from(bytes).toString().startsWith(':')) finishedAt = (finishedAt ?? 0) + bytes.length;
        },
        end() {
          isOver = true;
          sink('[end]');
        },
        progress: () => ({ ...translator.progress(), state: isOver ? 'complete' : 'open', finishedAt }),
      };
    },
  };
}

test('an answer that is finished but has no end is whole after five seconds, and its provider is let go', async () => {
  const { body, sink, clock, relayed } = relaying(finishingReader());
  await setImmediate();
  void body.push('all of it');
  for (let second = 0; second < 4; second += 1) {
    clock.advance(1000);
    void body.push(': still here');
  }
  clock.advance(999);
  await setImmediate();
  expect([sink.ended(), body.aborted()]).toEqual([false, false]);
  clock.advance(1);
  expect(await relayed).toMatchObject({ kind: 'answered', end: { kind: 'completed' } });
  expect([sink.ended(), body.aborted(), sink.text().endsWith('[end]')]).toEqual([true, true, true]);
});

test('what still comes of a finished answer begins the five seconds anew', async () => {
  const { body, sink, clock, relayed } = relaying(finishingReader());
  await setImmediate();
  for (const part of ['one', 'two', 'three']) {
    void body.push(part);
    clock.advance(4999);
  }
  await setImmediate();
  expect(sink.ended()).toBe(false);
  clock.advance(1);
  expect(await relayed).toMatchObject({ end: { kind: 'completed' } });
  expect(sink.text()).toBe('onetwothree[end]');
});

test('an answer that is not finished is waited for, and one that ends in time leaves no timer behind', async () => {
  const waiting = relaying(faultyReader());
  await setImmediate();
  void waiting.body.push('half');
  waiting.clock.advance(60_000);
  await setImmediate();
  expect(waiting.sink.ended()).toBe(false);
  waiting.body.close();
  const ended = relaying(finishingReader());
  await setImmediate();
  void ended.body.push('all of it');
  ended.body.close();
  await ended.relayed;
  ended.clock.advance(60_000);
  expect(ended.body.aborted()).toBe(false);
});

test.each([
  {
    prefix: anthropicModel,
    begun: [
      ...anthropicSseHead(),
      ...anthropicFrames({ content: [say('Half a loaf')] }, 'm')
        .slice(0, 5)
        .map(write),
    ],
  },
  {
    prefix: { ...anthropicModel, model: 'claude-sonnet-5-5' },
    begun: [
      ...anthropicSseHead(),
      ...anthropicFrames({ content: [say('Half a loaf')] }, 'm')
        .slice(0, 5)
        .map(write),
    ],
  },
  {
    prefix: chatModel,
    begun: [
      ...openAiChatSseHead(),
      ...openAiChatFrames({ content: [say('Half a loaf')] }, { model: 'm', includeUsage: true })
        .slice(0, 3)
        .map(write),
    ],
  },
])(
  'a running stream of $prefix.provider:$prefix.model holds no body, neither as it came nor translated',
  async ({ prefix, begun }) => {
    const rig = await startServingRig();
    try {
      rig.upstream.play(() => [...begun, hang]);
      const { sink, record, sentBody } = askLarge();
      await sink.until((text) => text.includes('Half'));
      expect(rig.sentBodies).not.toHaveLength(0);
      expect((await survivorsOf([sentBody, ...rig.sentBodies])).length).toBe(0);
      sink.leave('client-gone');
      await record;
    } finally {
      await rig.close();
    }

    function askLarge() {
      const messages = [{ role: 'user', content: 'long '.repeat(600_000) }];
      let raw: Buffer | undefined = Buffer.from(
        JSON.stringify({ model: 'claude-opus-5-5', max_tokens: 64, stream: true, messages }),
      );
      const sentBody = new WeakRef<Uint8Array>(raw);
      const takeBody = () => {
        const taken = raw ?? new Uint8Array();
        raw = undefined;
        return taken;
      };
      return { ...ask(rig, { prefix, takeBody }), sentBody };
    }
  },
);
