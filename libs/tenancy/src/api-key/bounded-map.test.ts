import { expect, test } from 'vitest';
import { createBoundedMap } from './bounded-map.ts';

test('beyond its bound it forgets what was neither read nor written for longest', () => {
  const map = createBoundedMap<number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.get('a');
  map.set('c', 3);
  expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual([1, undefined, 3]);
});

test('writing an entry again takes no second place', () => {
  const map = createBoundedMap<number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.set('b', 3);
  map.delete('x');
  expect(['a', 'b'].map((key) => map.get(key))).toEqual([1, 3]);
});
