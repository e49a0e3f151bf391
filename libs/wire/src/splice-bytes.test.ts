import { expect, test } from 'vitest';
import { bytesToString, stringToBytes } from './bytes.ts';
import { spliceBytes } from './splice-bytes.ts';

test('replaces stretches and leaves every other byte', () => {
  const bytes = stringToBytes('{"a":1,"b":2,"c":\u00ff}');
  const spliced = spliceBytes(bytes, [
    { start: 5, end: 6, replacement: '"\u00e9"' },
    { start: 6, end: 12, replacement: '' },
  ]);
  expect(bytesToString(spliced)).toBe('{"a":"\u00e9","c":\u00ff}');
});

test('gives the same buffer when there is nothing to replace', () => {
  const bytes = stringToBytes('{}');
  expect(spliceBytes(bytes, [])).toBe(bytes);
});
