import { describe, expect, test } from 'vitest';

import { imageTokens, unknownImageTokens } from './image-tokens.ts';

function padded(bytes: readonly number[]): string {
  return Buffer.concat([Buffer.from(bytes), Buffer.alloc(40)]).toString('base64');
}

const ascii = (text: string): number[] => [...Buffer.from(text, 'latin1')];
const png = (width: number, height: number): string => {
  const bytes = Buffer.alloc(40);
  bytes.write('\u0089PNG\r\n\u001a\n\0\0\0\rIHDR', 'latin1');
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes.toString('base64');
};

describe('an image of 300 by 200 pixels costs 80 tokens as', () => {
  const size = [300 & 0xff, 300 >> 8, 200, 0];
  const frame = [0xff, 0xc2, 0, 17, 8, 0, 200, 1, 44];
  test.each([
    { format: 'PNG', base64: png(300, 200) },
    { format: 'GIF', base64: padded([...ascii('GIF89a'), ...size]) },
    {
      format: 'lossy WebP',
      base64: padded([...ascii('RIFF0000WEBPVP8 0000'), 0, 0, 0, 0x9d, 1, 0x2a, ...size]),
    },
    { format: 'lossless WebP', base64: padded([...ascii('RIFF0000WEBPVP8L0000'), 0x2f, 0x2b, 0xc1, 0x31, 0]) },
    { format: 'extended WebP', base64: padded([...ascii('RIFF0000WEBPVP8X0000'), 0, 0, 0, 0, 43, 1, 0, 199, 0, 0]) },
    { format: 'JPEG', base64: padded([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, ...frame]) },
    {
      format: 'JPEG behind a large preview',
      base64: padded([0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff, ...Array.from({ length: 0xfffd }, () => 7), ...frame]),
    },
  ])('$format', ({ base64 }) => {
    expect(imageTokens(base64)).toBe(80);
  });
});

test.each([
  { what: 'a large image is scaled down', base64: png(4000, 3000), tokens: 1600 },
  { what: 'a pixel is a token', base64: png(1, 1), tokens: 1 },
  { what: 'an unknown format', base64: padded(ascii('II*\0')), tokens: unknownImageTokens },
  { what: 'no pixels', base64: png(0, 9), tokens: unknownImageTokens },
  { what: 'a header cut short', base64: png(3, 3).slice(0, 20), tokens: unknownImageTokens },
  {
    what: 'a JPEG without a frame',
    base64: padded([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 1]),
    tokens: unknownImageTokens,
  },
  { what: 'no base64 at all', base64: '%%%', tokens: unknownImageTokens },
])('$what: $tokens tokens', ({ base64, tokens }) => {
  expect(imageTokens(base64)).toBe(tokens);
});
