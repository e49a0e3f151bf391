import fc from 'fast-check';
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

test('it holds the same as a map that moves what was used to its end', () => {
  const use = fc.record({ verb: fc.constantFrom('get', 'set', 'delete'), key: fc.constantFrom('a', 'b', 'c', 'd') });
  fc.assert(
    fc.property(fc.array(use), fc.nat({ max: 4 }), (uses, bound) => {
      const map = createBoundedMap<number>(bound);
      const model = new Map<string, number>();
      for (const [step, { verb, key }] of uses.entries()) {
        const before = model.get(key);
        model.delete(key);
        if (verb === 'get') expect(map.get(key)).toBe(before);
        if (verb === 'get' && before !== undefined) model.set(key, before);
        if (verb === 'set') {
          map.set(key, step);
          model.set(key, step);
        }
        if (verb === 'delete') map.delete(key);
        const [oldest = ''] = model.keys();
        if (model.size > bound) model.delete(oldest);
      }
      const left = ['a', 'b', 'c', 'd'].map((key) => map.get(key));
      expect(left).toEqual(['a', 'b', 'c', 'd'].map((key) => model.get(key)));
    }),
  );
});
