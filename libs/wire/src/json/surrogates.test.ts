import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mendSurrogates } from './surrogates.ts';

test.each([
  ['a high half alone', String.raw`"a\ud83d"`, 'a\ufffd'],
  ['a low half alone', String.raw`"\uDE00b"`, '\ufffdb'],
  ['halves in the wrong order', String.raw`"\ude00\ud83d"`, '\ufffd\ufffd'],
  ['two high halves before a low one', String.raw`"\ud83d\uD83D\ude00"`, '\ufffd😀'],
  ['a half before another escape', String.raw`"\ud83d\n\ude00"`, '\ufffd\n\ufffd'],
  ['a half after an escaped backslash', String.raw`"\\\ud83d"`, '\\\ufffd'],
  ['a pair', String.raw`"\ud83d\ude00"`, '😀'],
  ['letters that only look like a half', String.raw`"\\ud83d"`, '\\ud83d'],
])('%s', (_what, json, text) => {
  expect(JSON.parse(mendSurrogates(json))).toBe(text);
});

test('any JSON is well formed afterwards, as long as it was, and the same if it was well formed', () => {
  const halves = fc.string({ unit: fc.constantFrom('a', '\\', 'u', 'd83d', '\ud83d', '\ude00', '"', '\n', '😀') });
  fc.assert(
    fc.property(halves, (text) => {
      const json = JSON.stringify({ [text]: [text] });
      const mended = mendSurrogates(json);
      expect(JSON.parse(mended)).toEqual({ [text.toWellFormed()]: [text.toWellFormed()] });
      expect(mended.length).toBe(json.length);
      if (text.isWellFormed()) expect(mended).toBe(json);
    }),
  );
});
