import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeHidden, visibleText } from './visible-text.ts';

const dangerous = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

test.each([
  ['plain', 'claude-opus-4-6 "x" {y}', 'claude-opus-4-6 "x" {y}'],
  ['other alphabets', 'Zoë 模型 😀', 'Zoë 模型 😀'],
  ['escape sequences', 'a\u001B[31m\u009B1m\r\nb\t', String.raw`a\u001b[31m\u009b1m\u000d\u000ab\u0009`],
  ['changes of direction', 'a\u202Eb\u2066', String.raw`a\u202eb\u2066`],
  ['separators', 'a\u2028b\u00A0c d', String.raw`a\u2028b\u00a0c d`],
  ['invisible characters', 'a\u200Bb\uFEFF\u{E0041}', String.raw`a\u200bb\ufeff\udb40\udc41`],
  ['halves of a character', 'a\uD83D b\uDE00', String.raw`a\ud83d b\ude00`],
  ['backslashes', String.raw`a\u001b`, String.raw`a\\u001b`],
])('%s: what is hidden is written out, and nothing else', (_what, text, shown) => {
  expect(visibleText(text, 256)).toBe(shown);
});

describe('a long text', () => {
  test('ends after so many characters, and within no escape and no character', () => {
    expect(visibleText('x'.repeat(65_536), 256)).toBe('x'.repeat(256));
    expect(visibleText(`${'x'.repeat(253)}\u001B[31m`, 256)).toBe('x'.repeat(253));
    expect(visibleText(`${'x'.repeat(250)}\u001B[31m`, 256)).toBe(`${'x'.repeat(250)}${String.raw`\u001b`}`);
    expect(visibleText(`${'x'.repeat(255)}\\`, 256)).toBe('x'.repeat(255));
    expect(visibleText(`${'x'.repeat(255)}😀`, 256)).toBe('x'.repeat(255));
    expect(visibleText('\u001B'.repeat(65_536), 256)).toBe(String.raw`\u001b`.repeat(42));
  });
});

const anyText = fc.string({ unit: 'binary', maxLength: 60 });

test('property: no hidden character is left, and different texts stay different', () => {
  fc.assert(
    fc.property(anyText, anyText, (one, other) => {
      expect(visibleText(one, 1000)).not.toMatch(dangerous);
      expect(escapeHidden(one)).not.toMatch(dangerous);
      if (one !== other) expect(visibleText(one, 1000)).not.toBe(visibleText(other, 1000));
    }),
  );
  const odd = fc.string({
    unit: fc.constantFrom('\\', 'u', '0', '1', 'b', '\u001B', '\uD83D', '\uDE00'),
    maxLength: 8,
  });
  fc.assert(
    fc.property(odd, odd, (one, other) => {
      if (one !== other) expect(visibleText(one, 1000)).not.toBe(visibleText(other, 1000));
    }),
    { numRuns: 2000 },
  );
});
