import { expect, test } from 'vitest';
import { pageOf } from './page-of.ts';

const items = ['a', 'b', 'c', 'd'].map((id) => ({ id }));

test.each([
  ['', 'abcd', false],
  ['?limit=2', 'ab', true],
  ['?limit=2&after_id=b', 'cd', false],
  ['?limit=1&after_id=b', 'c', true],
  ['?limit=2&before_id=d', 'bc', true],
  ['?before_id=c', 'ab', false],
  ['?after_id=d', '', false],
])('%s gives %j', (query, ids, more) => {
  const page = pageOf(items, query);
  expect([page.data.map(({ id }) => id).join(''), page.has_more]).toEqual([ids, more]);
  expect([page.first_id, page.last_id]).toEqual([ids[0] ?? null, ids.at(-1) ?? null]);
});

test.each([
  ['?limit=0', / limit: /u],
  ['?limit=1001', / limit: /u],
  ['?limit=ten', / limit: /u],
  ['?after_id=x', / after_id: /u],
  ['?before_id=', / before_id: /u],
  ['?before_id=a&after_id=a', /only one/u],
])('%s is refused', (query, message) => {
  expect(() => pageOf(items, query)).toThrow(message);
});
