import { expect, test } from 'vitest';
import { createOpenSinks } from './open-sinks.ts';
import type { InterruptibleSink } from './response-sink.ts';

test('the answers under way are those that were added and not yet taken out', () => {
  const sinks = createOpenSinks();
  const [first, second, third] = [sink(), sink(), sink()];
  const closeFirst = sinks.add(first);
  sinks.add(second);
  closeFirst();
  const closeThird = sinks.add(third);
  expect(new Set(sinks.list())).toEqual(new Set([second, third]));
  closeThird();
  expect(sinks.list()).toEqual([second]);
  expect(sinks.waiting()).toEqual([]);
});

function sink(): InterruptibleSink {
  return {
    signal: new AbortController().signal,
    committed: false,
    expectStream() {},
    addHeaders() {},
    commit() {},
    write: () => undefined,
    end: () => undefined,
    interrupt() {},
    release() {},
  };
}
