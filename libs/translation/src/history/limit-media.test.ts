import { isJsonObject, readJson, writeJson } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createWarnings } from '../warnings.ts';
import { limitMedia } from './limit-media.ts';

const forms = {
  kindOf: ({ type }: JsonObject) =>
    type === 'image' ? ('images' as const) : type === 'file' ? ('files' as const) : undefined,
  compact: (parts: readonly JsonObject[]): JsonValue => [...parts],
};

/** A history in letters: `i` is an image, `f` a file, `t` a text, `r` an image in a result, and each word a message. */
function history(letters: string): JsonObject[] {
  let id = 0;
  const part = (letter: string): object => {
    id += 1;
    if (letter === 'r') return { type: 'tool_result', content: [{ type: 'image', id }] };
    return letter === 't' ? { type: 'text', text: String(id) } : { type: letter === 'i' ? 'image' : 'file', id };
  };
  return letters.split(' ').map((word) => {
    const message = readJson(JSON.stringify({ role: 'user', content: Array.from(word, part) }));
    return isJsonObject(message) ? message : {};
  });
}

function limited(letters: string, maximum: number) {
  const warnings = createWarnings();
  const { messages, counts } = limitMedia(history(letters), new Map([['images', maximum]]), forms, warnings);
  const written = messages.map((message) => writeJson(message));
  const read: unknown = JSON.parse(`[${written.join(',')}]`);
  const shape = JSON.stringify(read, (key, value: unknown) => (key === 'id' ? undefined : value));
  return { written, counts, shape, warnings: warnings.list() };
}

test('the oldest images beyond the number become a line of text, in results and beside them', () => {
  const { shape, counts, warnings } = limited('r i tif r', 2);
  const note = { type: 'text', text: '[image left out: this model takes at most 2 images]' };
  expect(JSON.parse(shape)).toEqual([
    { role: 'user', content: [{ type: 'tool_result', content: [note] }] },
    { role: 'user', content: [note] },
    { role: 'user', content: [{ type: 'text', text: '3' }, { type: 'image' }, { type: 'file' }] },
    { role: 'user', content: [{ type: 'tool_result', content: [{ type: 'image' }] }] },
  ]);
  expect([...counts]).toEqual([
    ['images', 2],
    ['files', 1],
  ]);
  expect(warnings).toHaveLength(1);
});

test('a history that keeps to the number stays as it is, without a word', () => {
  expect(limited('r i t', 2).warnings).toEqual([]);
  expect(limited('r i t', 2).written).toEqual(history('r i t').map((message) => writeJson(message)));
});

const words = fc.array(fc.stringMatching(/^[itr]{1,3}$/u), { minLength: 1, maxLength: 12 });

test('a prompt that was sent begins the next one, up to the first image that its own surplus replaces', () => {
  fc.assert(
    fc.property(words, words, fc.nat(4), (said, more, maximum) => {
      const first = limited(said.join(' '), maximum);
      const next = limited([...said, ...more].join(' '), maximum);
      const images = (list: readonly string[]) => (list.join(' ').match(/[ir]/gu) ?? []).length;
      const added = images(more);
      const changed = first.written.findIndex((message, at) => message !== next.written[at]);
      // Without a new image nothing changes; with one, nothing before the images that were the oldest ones left.
      if (added === 0 || images([...said, ...more]) <= maximum) expect(changed).toBe(-1);
      else if (changed >= 0) expect(first.written[changed]).toContain('"type":"image"');
      expect(next.counts.get('images') ?? 0).toBeLessThanOrEqual(Math.max(maximum, 0));
    }),
  );
});
