import { EventEmitter } from 'node:events';

import { createManualClock } from '@ccg/testkit';
import { expect, test } from 'vitest';

import { onStopSignal } from './run-until-signal.ts';

function listen(throughNpm: boolean) {
  const source = new EventEmitter();
  const clock = createManualClock();
  const heard: string[] = [];
  const end = onStopSignal({ throughNpm, source, clock }, (isRepeated) => heard.push(isRepeated ? 'again' : 'first'));
  const send = (signal: string, afterMs: number) => {
    clock.advance(afterMs);
    source.emit(signal);
  };
  return { heard, send, end };
}

test('a second signal is told of as a repeated one, whichever of the two it is and however soon', () => {
  const { heard, send, end } = listen(false);
  send('SIGINT', 0);
  send('SIGTERM', 1);
  expect(heard).toEqual(['first', 'again']);
  end();
  send('SIGINT', 1);
  expect(heard).toHaveLength(2);
});

test('a closed terminal stops the process once, however many signals it sends', () => {
  const { heard, send } = listen(false);
  send('SIGHUP', 0);
  send('SIGHUP', 5);
  expect(heard).toEqual(['first']);
  send('SIGTERM', 5);
  expect(heard).toEqual(['first', 'again']);
});

test('below npm one Ctrl-C that arrives twice is one, and a second Ctrl-C is a second', () => {
  const { heard, send } = listen(true);
  send('SIGINT', 0);
  send('SIGINT', 20);
  expect(heard).toEqual(['first']);
  send('SIGINT', 1000);
  expect(heard).toEqual(['first', 'again']);
});
