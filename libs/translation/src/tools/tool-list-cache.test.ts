import type { PromptTools } from '@ccg/wire';
import { isJsonObject, readJson } from '@ccg/wire';
import { expect, test } from 'vitest';
import { createToolListCache } from './tool-list-cache.ts';
import type { ConvertedTools } from './tool-list-cache.ts';

const nothing: ConvertedTools = { value: [], names: [], hasStrict: false, warnings: [] };

/** A list of one tool and how often it was read. */
function listOf(name: string, size = 10): { readonly tools: PromptTools; reads: number } {
  const counted = {
    reads: 0,
    tools: {
      size,
      digest: () => name,
      read() {
        counted.reads += 1;
        return readJson(`[{"name":"${name}"}]`);
      },
    },
  };
  return counted;
}

test('a list is read once, and converted once for each form', () => {
  const memory = createToolListCache({ maxBytes: 100 });
  const [first, again] = [listOf('a'), listOf('a')];
  expect(memory.list(again.tools)).toBe(memory.list(first.tools));
  expect(first.reads + again.reads).toBe(1);
  let made = 0;
  const make = () => ({ ...nothing, names: [String((made += 1))] });
  const forms = ['gpt', 'qwen', 'gpt'].map((form) => memory.made(first.tools, form, make).names);
  expect(forms).toEqual([['1'], ['2'], ['1']]);
  expect(memory.made(listOf('b').tools, 'gpt', make).names).toEqual(['3']);
});

test('no request can change what the others share', () => {
  const list = createToolListCache({ maxBytes: 100 }).list(listOf('a').tools);
  const [tool] = Array.isArray(list) ? list.filter(isJsonObject) : [];
  expect(() => Object.assign(tool ?? {}, { name: 'b' })).toThrow(TypeError);
});

test('the lists that were used last stay within the bound, and one above it serves its own request', () => {
  const memory = createToolListCache({ maxBytes: 25 });
  const [a, b, c, huge] = [listOf('a'), listOf('b'), listOf('c'), listOf('huge', 1000)];
  for (const { tools } of [a, b, a, c, a]) memory.list(tools);
  expect([a.reads, b.reads, c.reads]).toEqual([1, 1, 1]);
  memory.list(b.tools);
  expect(b.reads).toBe(2);
  memory.list(huge.tools);
  memory.list(huge.tools);
  expect(huge.reads).toBe(1);
  memory.list(a.tools);
  memory.list(huge.tools);
  expect([a.reads, huge.reads]).toEqual([2, 2]);
});
