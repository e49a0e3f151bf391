import { RawJson, writeJson } from '@ccg/wire';
import { expect, test } from 'vitest';
import { parametersOf } from './parameters.ts';

const raw = (json: string) => new RawJson(`[${json}]`, 1, json.length + 1);

test('a schema that is whole is moved as it came, bytes and all', () => {
  const schema = raw('{ "type":"object" , "properties":{"type":{"const":1.0}} }');
  expect(parametersOf(schema)).toBe(schema);
});

test.each([
  [raw('{}'), '{"type":"object","properties":{}}'],
  [raw('{ "$ref":"#/a"}'), '{"type":"object","properties":{}, "$ref":"#/a"}'],
  [raw('{"properties":{"type":{}}}'), '{"type":"object","properties":{"type":{}}}'],
  [raw('[1]'), '{"type":"object","properties":{}}'],
  [null, '{"type":"object","properties":{}}'],
  [undefined, '{"type":"object","properties":{}}'],
])('a root without its words gets them: %#', (schema, expected) => {
  expect(writeJson(parametersOf(schema))).toBe(expected);
});
