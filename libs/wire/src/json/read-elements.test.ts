import { expect, test } from 'vitest';
import { JsonSyntaxError } from './json-errors.ts';
import { readElements } from './read-elements.ts';

test('finds each element where it stands', () => {
  const source = ' [1, {"a":[2,"],"]} ,"x" ]';
  expect(readElements(source).map(({ start, end }) => source.slice(start, end))).toEqual([
    '1',
    '{"a":[2,"],"]}',
    '"x"',
  ]);
  expect(readElements('[]')).toEqual([]);
});

test.each(['{}', '[1 2]', '[1', '', '[1,'])('refuses %j', (source) => {
  expect(() => readElements(source)).toThrow(JsonSyntaxError);
});
