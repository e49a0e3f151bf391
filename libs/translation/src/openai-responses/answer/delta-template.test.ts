import { expect, test } from 'vitest';
import { learnDelta, matchDelta } from './delta-template.ts';

const delta = (text: string, number: number, more = '') =>
  `{"type":"response.output_text.delta","sequence_number":${number},"item_id":"a","delta":${JSON.stringify(text)}${more}}`;

const template = learnDelta(delta('One', 7, ',"logprobs":[]'), 'One');

test.each([
  [delta(' two', 1234, ',"logprobs":[]'), ' two'],
  [delta('', 8, ',"logprobs":[]'), ''],
  // For the parser: escapes, other characters, other members, what was cut.
  [delta('a "b"', 8, ',"logprobs":[]'), undefined],
  [delta('é', 8, ',"logprobs":[]'), undefined],
  [delta('two', 8), undefined],
  [delta('two', 8, ',"logprobs":[1]'), undefined],
  [delta('two', 8, ',"logprobs":[]').replace('"a"', '"b"'), undefined],
  [delta('two', 8, ',"logprobs":[]').slice(0, -1), undefined],
  [delta('two', 8, ',"logprobs":[]').replace('8', ''), undefined],
])('of %s it takes %j', (data, text) => {
  expect(template === undefined ? 'no template' : matchDelta(template, data)).toBe(text);
});

test('where the text stands must be certain', () => {
  expect(learnDelta('{"x":{"delta":"One"},"delta":"One"}', 'One')).toBeUndefined();
  expect(learnDelta('{"delta": "One"}', 'One')).toBeUndefined();
});
