import { describe, expect, test } from 'vitest';

import { collectFrames } from './collect-frames.ts';

describe('collectFrames', () => {
  test('reads names and data whatever the line ends are', () => {
    for (const end of ['\n', '\r', '\r\n']) {
      const text = ['event: a', 'data: 1', '', 'data:2', '', ''].join(end);
      expect(collectFrames(text)).toEqual([
        { event: 'a', data: '1' },
        { event: '', data: '2' },
      ]);
    }
  });

  test('joins data lines, takes off one space alone and skips comments', () => {
    expect(collectFrames(': ping\nevent:x\ndata:  two\ndata\ndata: lines\nid: 7\n\n')).toEqual([
      { event: 'x', data: ' two\n\nlines' },
    ]);
  });

  test('dispatches neither an event without data nor an unfinished one', () => {
    expect(collectFrames('event: empty\n\nevent: a\ndata: 1\n\nevent: b\ndata: 2\n')).toEqual([
      { event: 'a', data: '1' },
    ]);
    expect(collectFrames('event: a\ndata: 1')).toEqual([]);
  });
});
