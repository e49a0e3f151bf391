import { decodeByteString, encodeText, RawJson } from '@ccg/wire';
import { describe, expect, test } from 'vitest';
import { isRejectedKeyword, simplified } from './plainer-schema.ts';

const asSent = { keywords: new Set<string>(), level: 'as sent' } as const;

function simple(schema: object, rejected: Parameters<typeof simplified>[1]): unknown {
  const json = encodeText(JSON.stringify(schema));
  const made = simplified(new RawJson(json, 0, json.length), rejected);
  return made === undefined ? undefined : JSON.parse(decodeByteString(made.source));
}

const schema = {
  type: 'object',
  properties: {
    pattern: { type: 'string', pattern: '^[a-zé]+$', format: 'uri', description: 'Ein Wort, é' },
    list: {
      type: 'array',
      items: { type: 'integer', minimum: 1, exclusiveMaximum: 9 },
      minItems: 1,
      uniqueItems: true,
    },
    any: { anyOf: [{ type: 'string', minLength: 1 }, { type: 'number' }] },
  },
  required: ['pattern'],
  additionalProperties: false,
};

test('schemas stay as they came where nothing was rejected, and where nothing of it stands in them', () => {
  expect(simple(schema, asSent)).toBeUndefined();
  expect(simple(schema, { ...asSent, keywords: new Set(['multipleOf']) })).toBeUndefined();
});

test('a keyword is left out wherever it is one, and members of that name stay', () => {
  const { pattern, ...others } = schema.properties;
  const { pattern: _, ...rest } = pattern;
  const expected = { ...schema, properties: { pattern: rest, ...others } };
  expect(simple(schema, { ...asSent, keywords: new Set(['pattern']) })).toEqual(expected);
});

test('without constraints the types, names, choices and descriptions stay', () => {
  expect(simple(schema, { ...asSent, level: 'constraints' })).toEqual({
    type: 'object',
    properties: {
      pattern: { type: 'string', description: 'Ein Wort, é' },
      list: { type: 'array', items: { type: 'integer' } },
      any: { anyOf: [{ type: 'string' }, { type: 'number' }] },
    },
    required: ['pattern'],
    additionalProperties: false,
  });
});

describe('the plainest form', () => {
  const plainest = { ...asSent, level: 'all but the plainest' } as const;
  const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });

  test.each<readonly [string, object, object]>([
    ['has no alternatives', object({ a: { anyOf: [{ type: 'string' }, { type: 'number' }] } }), object({ a: {} })],
    ['keeps what may be null', object({ a: { type: ['string', 'null'] } }), object({ a: { type: 'string' } })],
    [
      'keeps the one alternative beside null',
      object({ a: { description: 'x', anyOf: [{ enum: ['y'], type: 'string' }, { type: 'null' }] } }),
      object({ a: { type: 'string', description: 'x', enum: ['y'] } }),
    ],
    [
      'has references followed, as far as they end',
      object({ a: { $ref: '#/$defs/A' } }, { $defs: { A: { type: 'object', properties: { b: { type: 'string' } } } } }),
      object({ a: object({ b: { type: 'string' } }) }),
    ],
    [
      'joins parts',
      object({ a: { allOf: [{ properties: { b: { type: 'string' } } }, { properties: { c: { type: 'number' } } }] } }),
      object({ a: { properties: { b: { type: 'string' }, c: { type: 'number' } } } }),
    ],
    [
      'requires no member that it has not',
      object({ a: {} }, { required: ['a', 'b'] }),
      object({ a: {} }, { required: ['a'] }),
    ],
  ])('%s', (_what, given, expected) => {
    expect(simple(given, plainest)).toEqual(expected);
  });

  test('of a schema that refers to itself is finite', () => {
    const self = { type: 'object', properties: { a: { $ref: '#/$defs/A' }, b: { $ref: '#/$defs/A' } } };
    const made = JSON.stringify(simple({ ...self, $defs: { A: self } }, plainest));
    expect(made.length).toBeLessThan(1_000_000);
  });
});

test.each([
  ['pattern', true],
  ['additionalProperties', true],
  ['x-google-enum', true],
  ['type', false],
  ['properties', false],
  ['no keyword at all', false],
])('whether %s can be left out: %s', (keyword, can) => {
  expect(isRejectedKeyword(keyword)).toBe(can);
});
