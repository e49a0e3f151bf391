import { expect, test } from 'vitest';
import { findDocuments } from './loose-json.ts';
import type { Loose } from './loose-json.ts';

/** Maps as objects, to compare. */
function plain(value: Loose): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, member]) => [name, plain(member)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

test.each<[string, unknown]>([
  ['OpenAIException - {"error":{"code":400,"message":"a \\"b\\""}}', [{ error: { code: 400, message: 'a "b"' } }]],
  ["Error code: 400 - {'message': \"it's\", 'param': None, 'ok': True}", [{ message: "it's", param: null, ok: true }]],
  ['{\\"error\\":{\\"code\\":\\"x\\"}}', [{ error: { code: 'x' } }]],
  ['first {"a":1} then {"b":[{"c":2}]}', [{ a: 1 }, { b: [{ c: 2 }] }]],
  ['cut off {"error":{"message":"too lo', [{ error: { message: 'too lo' } }]],
  ["{ name: 'x', size: 3 }", [{ name: 'x', size: 3 }]],
  ["[{'type': 'missing', 'loc': ('body', 'model')}]", [[{ type: 'missing', loc: ['body', 'model'] }]]],
  ['a range of [1, 8192] and a set {}', []],
  ['a brace { that opens nothing', []],
])('the documents in %s', (text, documents) => {
  expect(findDocuments(text).documents.map(plain)).toEqual(documents);
});

test('a document that is too deep is none, and does not end the process', () => {
  expect(findDocuments('[{"a":'.repeat(20_000)).documents).toEqual([]);
});
