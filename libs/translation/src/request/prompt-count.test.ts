import { stringToBytes } from '@ccg/wire';
import { expect, test } from 'vitest';
import { anthropicCount, translatedCount } from './prompt-count.ts';

const request = { headers: [], body: stringToBytes('{}') };
const translated = translatedCount(() => request, 'totalTokens');
const own = anthropicCount(request);

test('a number of tokens is told in the words of the client, whatever stands beside it', () => {
  expect(translated.answer(stringToBytes('{"totalTokens":31,"details":[]}'))).toBe('{"input_tokens":31}');
});

test("the answer of Anthropic's protocol passes as it came", () => {
  const body = stringToBytes('{"input_tokens": 7,"context_management":{"original_input_tokens":9}}');
  expect(own.answer(body)).toBe(body);
});

test.each(['', '<html>', '{"totalTokens":"31"}', '{"totalTokens":-1}', '{"total":3}', '[31]'])(
  '%j is no count',
  (text) => {
    expect(translated.answer(stringToBytes(text))).toBeUndefined();
    expect(own.answer(stringToBytes(text))).toBeUndefined();
  },
);
