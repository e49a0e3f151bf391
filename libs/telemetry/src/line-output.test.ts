import { setImmediate, setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createLineOutput } from './line-output.ts';

/** A reader that takes so many bytes until it is told to take more. */
function createReader(room = Infinity) {
  let left = room;
  const taken: Buffer[] = [];
  let dropped = 0;
  const output = createLineOutput(
    (data) => {
      const bytes = Buffer.from(data);
      const count = Math.min(left, bytes.length);
      left -= count;
      if (count > 0) taken.push(bytes.subarray(0, count));
      return count;
    },
    (lines) => {
      dropped += lines;
    },
  );
  return {
    output,
    writes: () => taken.map(String),
    text: () => Buffer.concat(taken).toString(),
    dropped: () => dropped,
    takeMore(bytes: number) {
      left = bytes;
    },
  };
}

test('the lines of one turn of the event loop are one write', async () => {
  const reader = createReader();
  reader.output.write('{"a":1}\n');
  reader.output.write('{"a":2}\n');
  expect(reader.writes()).toEqual([]);
  await setImmediate();
  reader.output.write('{"a":3}\n');
  await setImmediate();
  expect(reader.writes()).toEqual(['{"a":1}\n{"a":2}\n', '{"a":3}\n']);
});

test('a reader that takes half of a line gets the other half later, before anything else', async () => {
  const reader = createReader(5);
  reader.output.write('{"é":"äöü"}\n');
  await setImmediate();
  reader.output.write('{"b":2}\n');
  await setImmediate();
  expect(Buffer.byteLength(reader.text())).toBeLessThanOrEqual(7);
  reader.takeMore(Infinity);
  await setTimeout(120);
  expect(reader.text()).toBe('{"é":"äöü"}\n{"b":2}\n');
  expect([reader.output.flush(), reader.dropped()]).toEqual([true, 0]);
});

test('for a reader that takes nothing lines are kept up to a bound, then whole ones are dropped and counted', async () => {
  const reader = createReader(0);
  const line = `{"x":"${'x'.repeat(1000)}"}\n`;
  for (let turn = 0; turn < 600; turn += 1) {
    for (let number = 0; number < 10; number += 1) reader.output.write(line);
    reader.output.flush();
  }
  reader.takeMore(Infinity);
  await setTimeout(120);
  const lines = reader.text().split('\n').slice(0, -1);
  for (const text of lines) expect(`${text}\n`).toBe(line);
  expect(Buffer.byteLength(reader.text())).toBeLessThanOrEqual(1024 * 1024);
  expect(lines.length + reader.dropped()).toBe(6000);
  expect(reader.dropped()).toBeGreaterThan(0);
});
