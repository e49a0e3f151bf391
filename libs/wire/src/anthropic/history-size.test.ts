import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countHistory } from './history-size.ts';

const bytes = (value: unknown, space = 0) => Buffer.from(JSON.stringify(value, null, space));
const text = (value: string) => ({ type: 'text', text: value });

test.each([
  [
    'texts',
    [
      { role: 'user', content: 'a' },
      { role: 'user', content: '[{"a":[1,2]}]' },
    ],
    2,
    0,
  ],
  ['blocks', [{ role: 'user', content: [text('a'), text('{[,"')] }], 1, 2],
  ['empty lists', [{ role: 'user', content: [] }], 1, 0],
  ['blocks in blocks', [{ role: 'user', content: [{ type: 'tool_result', content: [text('a'), text('b')] }] }], 1, 3],
  ['what a tool is to do', [{ content: [{ type: 'tool_use', input: { todos: [1, 2, [3]] } }, text('a')] }], 1, 2],
  ['an input that is text', [{ content: [{ type: 'tool_use', input: '[1,2]' }, text('"input":[1]')] }], 1, 2],
  ['lists in lists to 16 levels', JSON.parse('['.repeat(100) + ']'.repeat(100)), 1, 15],
  ['no message at all', [], 0, 0],
])('a history is counted: %s', (_what, history, messages, blocks) => {
  for (const space of [0, 1])
    expect(countHistory(bytes(history, space), undefined)).toEqual({ messages, blocks, systemBlocks: 0, isCut: false });
});

test('counting stops at 100,000', () => {
  const content = Array.from({ length: 300_000 }, () => 0);
  expect(countHistory(bytes([{ content }]), undefined)).toEqual({
    messages: 1,
    blocks: 99_999,
    systemBlocks: 0,
    isCut: true,
  });
  expect(countHistory(bytes([]), bytes(content))).toEqual({
    messages: 0,
    blocks: 100_000,
    systemBlocks: 100_000,
    isCut: true,
  });
});

test('blocks of the system prompt count, a text does not', () => {
  const history = bytes([{ role: 'user', content: 'a' }]);
  expect(countHistory(history, bytes([text('a'), text('b')]))).toEqual({
    messages: 1,
    blocks: 2,
    systemBlocks: 2,
    isCut: false,
  });
  expect(countHistory(history, bytes('[1,2,3]'))).toEqual({ messages: 1, blocks: 0, systemBlocks: 0, isCut: false });
  expect(countHistory(bytes('no list'), undefined)).toEqual({ messages: 0, blocks: 0, systemBlocks: 0, isCut: false });
  expect(countHistory(undefined, undefined)).toEqual({ messages: 0, blocks: 0, systemBlocks: 0, isCut: false });
});

test('of any JSON the elements of lists are counted, those of inputs left out', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ maxDepth: 12 })), fc.nat({ max: 2 }), (history, space) => {
      expect(countHistory(bytes(history, space), undefined)).toEqual({
        messages: history.length,
        blocks: countInner(history) - history.length,
        systemBlocks: 0,
        isCut: false,
      });
    }),
  );
});

function countInner(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const entries = Object.entries(value).filter(([key, inner]) => key !== 'input' || typeof inner !== 'object');
  const inside = entries.reduce((sum, [, inner]) => sum + countInner(inner), 0);
  return inside + (Array.isArray(value) ? value.length : 0);
}
