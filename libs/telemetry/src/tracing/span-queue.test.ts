import { createManualClock } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { createSpanQueue, queueMaxSpans } from './span-queue.ts';

function setUp() {
  const clock = createManualClock();
  const sent: number[][] = [];
  const answers: ((reason: string | undefined) => void)[] = [];
  const reasons: string[] = [];
  let dropped = 0;
  const queue = createSpanQueue<number>({
    clock,
    send(spans) {
      sent.push(spans);
      return new Promise((resolve) => answers.push(resolve));
    },
    onDropped(count, reason) {
      dropped += count;
      reasons.push(reason);
    },
  });
  const answer = async (taken: boolean) => {
    answers.shift()?.(taken ? undefined : 'HTTP status 500');
    await new Promise(setImmediate);
  };
  return { clock, queue, sent, answer, dropped: () => dropped, reasons: () => [...new Set(reasons)] };
}

const many = (count: number) => Array.from({ length: count }, (_, at) => at);

test('what was pushed is sent together after five seconds, and at once at the end', async () => {
  const { clock, queue, sent, answer } = setUp();
  queue.push([1]);
  queue.push([2, 3]);
  expect(sent).toEqual([]);
  clock.advance(5000);
  expect(sent).toEqual([[1, 2, 3]]);
  await answer(true);
  queue.push([4]);
  const closed = queue.close(1000);
  expect(sent.at(-1)).toEqual([4]);
  await answer(true);
  await closed;
});

test('while a collector does not answer so many spans wait and no more, those of one request together or not at all', async () => {
  const { queue, sent, answer, dropped, reasons } = setUp();
  queue.push(many(512));
  expect(sent.length).toBe(1);
  for (let pushed = 0; pushed < 10_000; pushed += 5) queue.push(many(5));
  const room = Math.floor(queueMaxSpans / 5) * 5;
  expect(dropped()).toBe(10_000 - room);
  expect(reasons()).toEqual(['it is too slow: 2048 spans wait for it']);
  for (let batch = 0; batch < 5; batch += 1) await answer(true);
  expect(sent.flat().length).toBe(512 + room);
});

test('what a collector does not take is counted, and the next is sent all the same', async () => {
  const { queue, sent, answer, dropped, reasons } = setUp();
  queue.push(many(512));
  await answer(false);
  expect([dropped(), reasons()]).toEqual([512, ['HTTP status 500']]);
  queue.push(many(512));
  await answer(true);
  expect([sent.length, dropped()]).toEqual([2, 512]);
});

test('the end waits for a silent collector for so long and no longer, and what it did not get is counted', async () => {
  const { clock, queue, sent, answer, dropped } = setUp();
  queue.push(many(512));
  queue.push(many(700));
  const closed = queue.close(1000);
  clock.advance(1000);
  await closed;
  expect([sent.length, dropped()]).toEqual([1, 700]);
  await answer(false);
  expect([sent.length, dropped()]).toEqual([1, 1212]);
});
