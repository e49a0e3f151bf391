import { decodeByteString, encodeText, RawJson, writeJson } from '@ccg/wire';
import { expect, test } from 'vitest';
import { inlinedSchema } from './inlined-schema.ts';

const text = { type: 'string' };

function raw(schema: object): RawJson {
  const json = encodeText(JSON.stringify(schema));
  return new RawJson(json, 0, json.length);
}

function inlined(schema: object): unknown {
  return JSON.parse(decodeByteString(writeJson(inlinedSchema(raw(schema)))));
}

const object = (properties: object, others: object = {}) => ({ type: 'object', properties, ...others });

test('a schema without a word that is dropped is moved as it came', () => {
  const schema = raw(object({ a: text, b: { anyOf: [text, { type: 'null' }] } }));
  expect(inlinedSchema(schema)).toBe(schema);
});

test.each([
  [
    'references are followed, and what stands beside them counts',
    object(
      { a: { $ref: '#/$defs/A', description: 'é' }, b: { type: 'array', items: { $ref: '#/definitions/x~1y%20z' } } },
      { $defs: { A: { $ref: '#/$defs/B', description: 'far' }, B: text }, definitions: { 'x/y z': { enum: [1] } } },
    ),
    object({ a: { type: 'string', description: 'é' }, b: { type: 'array', items: { enum: [1] } } }),
  ],
  [
    'a reference to a property is followed',
    object({ a: object({ b: text }), c: { $ref: '#/properties/a/properties/b' } }),
    object({ a: object({ b: text }), c: text }),
  ],
  [
    'a schema that holds itself is open there',
    { $ref: '#/$defs/node', $defs: { node: object({ next: { $ref: '#/$defs/node', description: 'the next' } }) } },
    object({ next: { type: 'object', description: 'the next' } }),
  ],
  [
    'a reference that leads nowhere, or only back to itself, says what stands beside it',
    object(
      { a: { $ref: 'https://other/schema', description: 'd' }, b: { $ref: '#/$defs/loop' }, c: { $ref: '#' } },
      { $defs: { loop: { $ref: '#/$defs/loop' } } },
    ),
    object({
      a: { description: 'd' },
      b: {},
      c: object({ a: { description: 'd' }, b: {}, c: { type: 'object' } }),
    }),
  ],
  [
    'a constant is a list of one value, and alternatives are alternatives',
    object({ a: { const: 'x' }, b: { oneOf: [{ const: 1 }, text] } }),
    object({ a: { enum: ['x'] }, b: { anyOf: [{ enum: [1] }, text] } }),
  ],
  [
    'the parts of a whole are one schema',
    object(
      { a: { allOf: [{ $ref: '#/$defs/A' }, object({ y: text }, { required: ['y'] })], description: 'both' } },
      { $defs: { A: object({ x: text }, { required: ['x'] }) } },
    ),
    object({ a: object({ x: text, y: text }, { required: ['x', 'y'], description: 'both' }) }),
  ],
  [
    'members that are called like keywords are data',
    object({ const: text, $ref: text, oneOf: text, definitions: text, d: { default: { const: 1 } } }),
    object({ const: text, $ref: text, oneOf: text, definitions: text, d: { default: { const: 1 } } }),
  ],
])('%s', (_what, schema, expected) => {
  expect(inlined(schema)).toEqual(expected);
});

test('references that multiply stay within a bound', () => {
  const levels = Array.from({ length: 10 }, (_, level) => level);
  const to = (next: number) =>
    object(Object.fromEntries(levels.map((name) => [`p${name}`, { $ref: `#/$defs/${next}` }])));
  const $defs = Object.fromEntries(levels.map((level) => [level, to(level + 1)]));
  expect(writeJson(inlinedSchema(raw({ ...to(0), $defs }))).length).toBeLessThan(200_000);
});
