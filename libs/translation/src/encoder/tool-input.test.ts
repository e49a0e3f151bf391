import fc from 'fast-check';
import { decodeText, encodeText, RawText } from '@ccg/wire';
import { describe, expect, test } from 'vitest';
import { appendToolInput, judgeToolInput, newToolInput } from './tool-input.ts';
import type { ToolInput } from './tool-input.ts';

/** The JSON text as string literal contents, cut into pieces of this many UTF-16 units. */
function inputOf(json: string, length = 3): ToolInput {
  const input = newToolInput();
  for (let at = 0; at < json.length; at += length) {
    appendToolInput(input, encodeText(JSON.stringify(json.slice(at, at + length))).slice(1, -1));
  }
  return input;
}

describe('the arguments of a call', () => {
  test.each(['', ' \n', 'null', '""', '" "'])('%j are none', (json) => {
    expect(judgeToolInput(inputOf(json))).toEqual({ kind: 'empty' });
  });

  test.each([
    '{"a":',
    '{"a":1}}',
    '{"a":1} {"a":1}',
    '{a:1}',
    "{'a':1}",
    '[1]',
    '12',
    'true',
    '"x"',
    '"[1]"',
    'ls',
    '}',
  ])('%j are no arguments', (json) => {
    expect(judgeToolInput(inputOf(json))).toEqual({ kind: 'invalid' });
  });

  test.each([0x20, 0x0a])('white space without end is not waited for (%i)', (code) => {
    expect(judgeToolInput(inputOf(`{${String.fromCharCode(code).repeat(501)}}`)).kind).toBe('invalid');
    expect(judgeToolInput(inputOf(`{"a":"${' '.repeat(501)}"}`)).kind).toBe('object');
  });

  test('are the JSON text of an object, once or twice encoded', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.boolean(), (value, twice) => {
        const json = JSON.stringify(value);
        const input = inputOf(twice ? JSON.stringify(json) : json);
        const verdict = judgeToolInput(input);
        if (verdict.kind !== 'object') throw new Error(verdict.kind);
        const { literal } = verdict;
        expect(decodeText(new RawText(literal, 0, literal.length))).toBe(json);
        expect(input.scan).toMatchObject({ complete: true, broken: false });
      }),
    );
  });

  test('are not complete before their end', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.nat(), (value, seed) => {
        const json = JSON.stringify(value);
        expect(inputOf(json.slice(0, seed % json.length)).scan.complete).toBe(false);
      }),
    );
  });
});
