import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apiKeyHint, generateApiKey, isApiKey } from './api-key-format.ts';

const valid = generateApiKey(randomBytes).reveal();

test('a generated API key has the published shape and passes its own check', () => {
  expect(valid).toMatch(/^ccg_live_[0-9A-Za-z]{38}$/u);
  expect(isApiKey(valid)).toBe(true);
});

test('the checksum is CRC-32 of what precedes it, in six base62 digits', () => {
  const zeros = generateApiKey((size) => new Uint8Array(size));
  // crc32('ccg_live_' + 32 × '0') = 0xe536b640.
  expect(zeros.reveal()).toBe(`ccg_live_${'0'.repeat(32)}4CFbvM`);
});

test('bytes that would favour some characters are drawn again', () => {
  const draws = [Array.from({ length: 32 }, (_, index) => 248 + (index % 8)), Array.from({ length: 32 }, () => 247)];
  const apiKey = generateApiKey((size) => Uint8Array.from(draws.shift() ?? []).subarray(0, size));
  expect(apiKey.reveal().slice(9, 41)).toBe('z'.repeat(32));
  expect(draws).toEqual([]);
});

test('a change of any one character is noticed', () => {
  fc.assert(
    fc.property(fc.nat(valid.length - 1), fc.integer({ min: 33, max: 126 }), (at, code) => {
      const changed = valid.slice(0, at) + String.fromCharCode(code) + valid.slice(at + 1);
      expect(isApiKey(changed)).toBe(changed === valid);
    }),
  );
});

test.each([
  ['nothing', ''],
  ['a character too few', valid.slice(1)],
  ['a character too many', `${valid}0`],
  ['a leading space', ` ${valid}`],
  ['a trailing line break', `${valid}\n`],
  ['another case', valid.toLowerCase()],
  ['another prefix', valid.replace('live', 'test')],
])('%s is no API key', (_name, text) => {
  expect(isApiKey(text)).toBe(false);
});

test('the hint shows the first and last four characters alone', () => {
  const apiKey = generateApiKey(randomBytes);
  const text = apiKey.reveal();
  expect(apiKeyHint(apiKey)).toBe(`ccg_live_${text.slice(9, 13)}…${text.slice(-4)}`);
});
