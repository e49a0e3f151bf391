import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvLine } from './csv.ts';

test('a line has a cell for each column, in their order, and none for what is not asked for', () => {
  const item = { b: 2, a: 'x', c: true, other: 1 };
  expect(csvLine(['a', 'b', 'none', 'c'], item)).toBe('x,2,,true\r\n');
});

describe('a text', () => {
  test.each([
    ['=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
    ['+1', `"'+1"`],
    ['-1+2', `"'-1+2"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\t=1', `"' =1"`],
    [' =1', `"' =1"`],
    ['＝1', `"'＝1"`],
    ['a,b', '"a,b"'],
    ['say "x"', '"say ""x"""'],
    ['a\r\nb', 'a  b'],
    ['claude-sonnet-4-5', 'claude-sonnet-4-5'],
  ])('%j is written so that a spreadsheet shows it and no more', (text, cell) => {
    expect(csvLine(['a'], { a: text })).toBe(`${cell}\r\n`);
  });

  test('is one line that begins with no formula, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const line = csvLine(['a'], { a: text });
        expect(line.match(/[\r\n]/gu)).toHaveLength(2);
        const cell = /^"(?<inner>.*)"\r\n$/su.exec(line)?.groups?.['inner']?.replaceAll('""', '"') ?? line.slice(0, -2);
        expect(cell).not.toMatch(/^\s*[=+\-@]/u);
        expect(cell.replace(/^'(?=\s*[=+\-@＝＋－＠])/u, '')).toBe(text.replaceAll(/\p{Cc}/gu, ' '));
      }),
    );
  });
});

test('a number stays a number, below zero too', () => {
  expect(csvLine(['a', 'b'], { a: -5, b: 0 })).toBe('-5,0\r\n');
});
