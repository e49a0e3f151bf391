import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
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

describe('of lines on a clock that stands still', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('the first after a pause are written at the end of their turn, those that follow soon in one write', () => {
    const reader = createReader();
    reader.output.write('{"a":1}\n');
    reader.output.write('{"a":2}\n');
    expect(reader.writes()).toEqual([]);
    vi.advanceTimersByTime(0);
    const first = '{"a":1}\n{"a":2}\n';
    expect(reader.writes()).toEqual([first]);
    reader.output.write('{"a":3}\n');
    vi.advanceTimersByTime(5);
    reader.output.write('{"a":4}\n');
    expect(reader.writes()).toEqual([first]);
    vi.advanceTimersByTime(5);
    const second = '{"a":3}\n{"a":4}\n';
    expect(reader.writes()).toEqual([first, second]);
    vi.advanceTimersByTime(100);
    reader.output.write('{"a":5}\n');
    vi.advanceTimersByTime(0);
    expect(reader.writes()).toEqual([first, second, '{"a":5}\n']);
  });

  test('those that are gathered when the process exits are written then', () => {
    const reader = createReader();
    reader.output.write('{"a":1}\n');
    vi.advanceTimersByTime(0);
    reader.output.write('{"a":2}\n');
    expect(reader.output.flush()).toBe(true);
    expect(reader.text()).toBe('{"a":1}\n{"a":2}\n');
  });
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
