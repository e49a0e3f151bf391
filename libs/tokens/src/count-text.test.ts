import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';

import { countText, runMaxLength } from './count-text.ts';
import { loadTokenizer } from './tokenizer.ts';
import type { CountTokens } from './tokenizer.ts';

let countTokens: CountTokens;
beforeAll(async () => {
  countTokens = await loadTokenizer();
});

describe('a text of one kind', () => {
  test.each([
    { text: 'The quick brown fox, jumping over it.', kind: 'words' },
    { text: 'Сервер проверяет ключ', kind: 'foreign' },
    { text: 'größere Übersetzungen', kind: 'foreign' },
    { text: '服务器在收到请求之后首先检查身份', kind: 'wide' },
    { text: '🚀😀🙂', kind: 'wide' },
  ] as const)('$text counts as $kind, as much as the tokenizer says', ({ text, kind }) => {
    const count = countText(text, countTokens);
    expect(count[kind]).toBeGreaterThanOrEqual(countTokens(text));
    expect(count[kind]).toBeLessThanOrEqual(countTokens(text) + 2);
    expect(count.words + count.foreign + count.wide).toBe(count[kind]);
  });

  test('one foreign letter makes its word foreign, with the space before it, and no other', () => {
    const count = countText('we are größer than', countTokens);
    expect(count.foreign).toBe(countTokens(' größer'));
    expect(count.words).toBe(countTokens('we are') + countTokens(' than'));
  });

  test('ASCII counts exactly as the tokenizer does', () => {
    const word = fc.stringMatching(/^[A-Za-z]{1,12}[.,:;]?$/u);
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.nat().map(String)), { maxLength: 40 }), (words) => {
        const text = words.join(' ');
        expect(countText(text, countTokens).words).toBe(countTokens(text));
      }),
    );
  });

  test.each([
    { text: '7', digits: 0 },
    { text: '1234567', digits: 4 },
    { text: '12 345', digits: 3 },
    { text: '9'.repeat(1000), digits: 666 },
  ])('digits beyond the first of a token: $text.length characters have $digits', ({ text, digits }) => {
    expect(countText(text, countTokens).digits).toBe(digits);
  });

  test('marks behind marks and syllables count by characters', () => {
    expect(countText('a(b) {{}} "c":', countTokens).marks).toBe(4);
    expect(countText('漢字かな한글', countTokens).syllables).toBe(4);
  });

  test('special tokens are text', () => {
    expect(countText('<|endoftext|>', countTokens).words).toBeGreaterThan(1);
    expect(countText('', countTokens).words).toBe(0);
  });
});

describe('what has no break', () => {
  const endless = [
    'a',
    'A',
    ' ',
    '!',
    '\n',
    ' \n',
    '/\n',
    '!\u0001',
    'é',
    'e\u0301',
    '漢',
    '漢か',
    '🚀',
    '—!',
    ' \u00a0',
    '→!',
  ];
  test.each(endless)('%j without end goes to the tokenizer in short pieces', (unit) => {
    const text = unit.repeat(4000 / unit.length);
    let longest = 0;
    countText(text, (piece) => {
      longest = Math.max(longest, piece.length);
      return 1;
    });
    expect(longest).toBeLessThanOrEqual(2 * runMaxLength);
  });

  test('any text reaches the tokenizer whole and in order, no character cut in two', () => {
    const unit = fc.constantFrom(
      'word ',
      'Aa',
      '1',
      '1'.repeat(130),
      ' ',
      '\n',
      '!',
      '🚀',
      '漢'.repeat(70),
      'か',
      'é',
      '—',
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 60 }), (units) => {
        const pieces: string[] = [];
        countText(units.join(''), (piece) => pieces.push(piece));
        expect(pieces.join('')).toBe(units.join(''));
        expect(pieces.every((piece) => piece.isWellFormed())).toBe(true);
      }),
    );
  });
});
