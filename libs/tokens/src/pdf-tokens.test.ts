import { expect, test } from 'vitest';

import { createPdfPages } from './pdf-tokens.ts';

const page = '3 0 obj\n<< /Type /Page /Parent 2 0 R >>\nendobj\n';
const tree = '2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n';

function tokensOf(file: string, pieceBytes = file.length): number {
  const pages = createPdfPages();
  for (let at = 0; at < file.length; at += pieceBytes) {
    pages.push(Buffer.from(file.slice(at, at + pieceBytes), 'latin1').toString('base64'));
  }
  return pages.tokens();
}

test('pages are counted, their tree is not', () => {
  expect(tokensOf(`%PDF-1.4\n${tree}${page.repeat(3)}`)).toBe(3 * 2000);
  expect(tokensOf(`%PDF-1.4\n${tree}<</Type/Page>><</Type/Page/Rotate 90>>`)).toBe(2 * 2000);
});

test('wherever a file is cut into pieces, its pages are the same', () => {
  const file = `%PDF-1.4\n${tree}${page.repeat(4)}${tree}`;
  for (let pieceBytes = 3; pieceBytes < 90; pieceBytes += 3) expect(tokensOf(file, pieceBytes)).toBe(4 * 2000);
});

test('a file whose pages are compressed is measured by its length', () => {
  expect(tokensOf('%PDF-1.7 '.padEnd(200_000, 'x'))).toBe(4 * 2000);
  expect(tokensOf('%PDF-1.7')).toBe(2000);
});
