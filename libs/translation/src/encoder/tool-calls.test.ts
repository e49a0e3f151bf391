import { expect, test } from 'vitest';
import { createToolCalls } from './tool-calls.ts';
import type { ToolFragment } from './tool-calls.ts';

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
  const seen = new Set(fragments.map((fragment) => calls.add({ ...none, ...fragment })));
  expect([...seen].map(({ id, name, input }) => `${id} ${name} ${input.pieces.join('')}`)).toEqual(expected);
});
