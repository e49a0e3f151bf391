import { decodeByteString, encodeText } from '@ccg/wire';
import { expect, test } from 'vitest';
import { plainSchema } from './plain-schema.ts';

const text = { type: 'string' };

function rewritten(schema: object): unknown {
  const plain = plainSchema(encodeText(JSON.stringify(schema)));
  return plain === undefined ? undefined : [JSON.parse(decodeByteString(plain.json)), plain.isLooser];
}

test.each([
  { type: 'object', properties: { a: text, b: { enum: ['x'] } }, required: ['a'] },
  { type: 'object', properties: { a: { type: 'array', items: text }, b: { pattern: '^[a-z]+$' } } },
  // Members that are called like keywords are data.
  { type: 'object', properties: { pattern: text, propertyNames: text, allOf: { type: 'array', items: text } } },
  { type: 'object', properties: { a: { default: { type: 'array' }, allOf: [text, { maxLength: 3 }] } } },
])('a schema that OpenAI takes stays as it is: %#', (schema) => {
  expect(rewritten(schema)).toBeUndefined();
});

test.each([
  [
    'choices at the root become one object with all of their members',
    {
      type: 'object',
      properties: { id: text },
      required: ['id'],
      anyOf: [{ properties: { name: text }, required: ['name'] }, { $ref: '#/$defs/Age' }],
      $defs: { Age: { properties: { é: text } } },
    },
    {
      type: 'object',
      properties: { name: text, é: text, id: text },
      required: ['id'],
      $defs: { Age: { properties: { é: text } } },
    },
    true,
  ],
  [
    'parts at the root are joined with what they require',
    {
      allOf: [{ $ref: '#/definitions/A' }, { properties: { b: text }, required: ['b'] }],
      definitions: { A: { properties: { a: text }, required: ['a'], additionalProperties: false } },
    },
    {
      type: 'object',
      properties: { a: text, b: text },
      required: ['a', 'b'],
      additionalProperties: false,
      definitions: { A: { properties: { a: text }, required: ['a'], additionalProperties: false } },
    },
    false,
  ],
  [
    'a reference at the root is followed',
    { $ref: '#/$defs/A', $defs: { A: { type: 'object', properties: { a: text } } } },
    { type: 'object', properties: { a: text }, $defs: { A: { type: 'object', properties: { a: text } } } },
    false,
  ],
  [
    'a list says of what it is',
    { type: 'object', properties: { a: { type: ['array', 'null'] }, b: { anyOf: [{ type: 'array' }] } } },
    {
      type: 'object',
      properties: { a: { type: ['array', 'null'], items: {} }, b: { anyOf: [{ type: 'array', items: {} }] } },
    },
    false,
  ],
  [
    'patterns that look around, or name classes of letters, are left out',
    {
      type: 'object',
      properties: { a: { type: 'string', pattern: '^(?!x)' }, b: { pattern: '\\p{L}', maxLength: 2 } },
    },
    { type: 'object', properties: { a: text, b: { maxLength: 2 } } },
    true,
  ],
  [
    'a reference in a list of one stands alone, and that names are texts is not said',
    { type: 'object', properties: { a: { allOf: [{ $ref: '#/$defs/A' }], title: 'A' }, b: { propertyNames: text } } },
    { type: 'object', properties: { a: { $ref: '#/$defs/A', title: 'A' }, b: {} } },
    false,
  ],
])('%s', (_, schema, expected, isLooser) => {
  expect(rewritten(schema)).toEqual([expected, isLooser]);
});
