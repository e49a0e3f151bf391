import { anyCharacter } from '@ccg/testkit';
import { decodeText, encodeText, RawText } from '@ccg/wire';
import { expect, test, describe } from 'vitest';
import { createToolCalls } from './tool-calls.ts';
import type { ToolFragment } from './tool-calls.ts';
import { appendToolInput, judgeToolInput, newToolInput } from './tool-input.ts';
import type { ToolInput } from './tool-input.ts';

type Part = Partial<ToolFragment>;

test.each<[string, readonly Part[], readonly string[]]>([
  [
    'an index with the id on its first piece',
    [
      { index: 0, id: 'a', name: 'X' },
      { index: 0, input: '{' },
      { index: 0, input: '}' },
    ],
    ['a X {}'],
  ],
  [
    'the id on every piece',
    [
      { index: 0, id: 'a', name: 'X', input: '{' },
      { index: 0, id: 'a', name: 'X', input: '}' },
    ],
    ['a X {}'],
  ],
  [
    'the name on every piece and no id',
    [
      { index: 0, name: 'X', input: '{' },
      { index: 0, name: 'X', input: '}' },
      { index: 0, name: 'X', input: '' },
    ],
    [' X {}'],
  ],
  [
    'ids that come late',
    [
      { index: 0, name: 'X' },
      { index: 0, id: 'a', input: '{}' },
    ],
    ['a X {}'],
  ],
  [
    'names that come late',
    [
      { index: 0, id: 'a' },
      { index: 0, name: 'X', input: '{}' },
    ],
    ['a X {}'],
  ],
  [
    'one index for all calls',
    [
      { index: 0, id: 'a', name: 'X', input: '{}' },
      { index: 0, id: 'b', name: 'X', input: '{}' },
    ],
    ['a X {}', 'b X {}'],
  ],
  [
    'interleaved pieces',
    [
      { index: 0, id: 'a', name: 'X', input: '{' },
      { index: 1, id: 'b', name: 'Y', input: '{' },
      { index: 0, input: '}' },
      { index: 1, input: '}' },
    ],
    ['a X {}', 'b Y {}'],
  ],
  [
    'an old id under another index',
    [
      { index: 0, id: 'a', name: 'X', input: '{' },
      { index: 7, id: 'a', input: '}' },
    ],
    ['a X {}'],
  ],
  [
    'neither id nor index',
    [{ name: 'X', input: '{}' }, { name: 'X', input: '{}' }, { name: 'Y', input: '{' }, { input: '}' }],
    [' X {}', ' X {}', ' Y {}'],
  ],
  [
    'another name under one index',
    [
      { index: 0, name: 'X' },
      { index: 0, name: 'Y', input: '{}' },
    ],
    [' X ', ' Y {}'],
  ],
  [
    'a finished call sent once more',
    [
      { index: 0, id: 'a', name: 'X', input: '{"b":1}' },
      { index: 0, id: 'a', name: 'X', input: '{"b":1}' },
    ],
    ['a X {"b":1}'],
  ],
  [
    'whole calls with one id',
    [
      { id: 'a', name: 'X', input: '{}', whole: true },
      { id: 'a', name: 'X', whole: true },
    ],
    ['a X {}', 'a X '],
  ],
])('calls are told apart: %s', (_what, fragments, expected) => {
  const calls = createToolCalls();
  const none = { index: undefined, id: undefined, name: undefined, input: undefined, whole: false };
  const seen = new Set(fragments.flatMap((fragment) => calls.add({ ...none, ...fragment })));
  expect([...seen].map(({ id, name, input }) => `${id} ${name} ${input.pieces.join('')}`)).toEqual(expected);
});

import fc from 'fast-check';

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

  test.each(['{"a":', '{"a":1}}', '{a:1}', "{'a':1}", '[1]', '12', 'true', '"x"', '"[1]"', 'ls', '}'])(
    '%j are no arguments',
    (json) => {
      expect(judgeToolInput(inputOf(json))).toEqual({ kind: 'invalid' });
    },
  );

  test.each([0x20, 0x0a])('white space without end is not waited for (%i)', (code) => {
    expect(judgeToolInput(inputOf(`{${String.fromCharCode(code).repeat(501)}}`)).kind).toBe('invalid');
    expect(judgeToolInput(inputOf(`{"a":"${' '.repeat(501)}"}`)).kind).toBe('object');
  });

  test('are the JSON text of an object, once or twice encoded', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: anyCharacter }), fc.jsonValue()), fc.boolean(), (value, twice) => {
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
      fc.property(fc.dictionary(fc.string({ unit: anyCharacter }), fc.jsonValue()), fc.nat(), (value, seed) => {
        const json = JSON.stringify(value);
        expect(inputOf(json.slice(0, seed % json.length)).scan.complete).toBe(false);
      }),
    );
  });
});

describe('members beyond the protocol are kept', () => {
  const piece = (part: Part): ToolFragment => {
    return { index: 0, id: undefined, name: undefined, input: undefined, whole: false, ...part };
  };

  test('of every piece, and the later value counts', () => {
    const calls = createToolCalls();
    const [call] = calls.add(piece({ id: 'a', name: 'X', members: { x: { a: 1, b: [1] }, y: 'first' } }));
    calls.add(piece({ input: '{}', members: { x: { b: [2], c: { d: null } }, y: 'last' } }));
    expect(call?.members).toEqual({ x: { a: 1, b: [2], c: { d: null } }, y: 'last' });
  });

  test('and are the same object while they are only repeated', () => {
    const calls = createToolCalls();
    const [call] = calls.add(piece({ id: 'a', name: 'X', members: { x: { a: 1 } } }));
    const before = call?.members;
    calls.add(piece({ input: '{}', members: { x: { a: 1 } } }));
    expect(call?.members).toBe(before);
  });

  test('also where only the whole calls at the end have them', () => {
    const calls = createToolCalls();
    const [same] = calls.add(piece({ id: 'a', name: 'X', input: '{}' }));
    const [open] = calls.add(piece({ index: 1, id: 'b', name: 'Y', input: '{' }));
    calls.complete([
      piece({ id: 'other', name: 'X', input: '{}', whole: true, members: { x: 'of X' } }),
      piece({ index: 1, id: 'b', name: 'Y', input: '{}', whole: true, members: { x: 'of Y' } }),
    ]);
    expect([same?.members, open?.members]).toEqual([{ x: 'of X' }, { x: 'of Y' }]);
  });

  test('with names that objects have by themselves', () => {
    const calls = createToolCalls();
    const odd = JSON.parse('{"__proto__":{"a":"x"},"constructor":{"b":"y"}}');
    const [call] = calls.add(piece({ id: 'a', name: 'X', members: odd }));
    calls.add(piece({ members: JSON.parse('{"__proto__":{"c":"z"}}') }));
    expect(JSON.stringify(call?.members)).toBe('{"__proto__":{"a":"x","c":"z"},"constructor":{"b":"y"}}');
    expect(Object.hasOwn({}, 'a')).toBe(false);
  });
});
