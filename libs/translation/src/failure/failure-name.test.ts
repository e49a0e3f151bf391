import { describe, expect, test } from 'vitest';
import { readFailure } from './read-failure.ts';

const nameOf = (body: unknown) => readFailure({ status: 400, headers: [], body: JSON.stringify(body) }).name;
const quotaInfo = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' };
const type = 'invalid_request_error';

describe('a failure is called what its server calls it', () => {
  test.each([
    [
      'a code says more than the type',
      { error: { message: 'm', type, code: 'context_length_exceeded' } },
      'context_length_exceeded',
    ],
    ['the type, without a code', { error: { message: 'm', type, code: null } }, type],
    [
      'the type, where the code is the HTTP status',
      { error: { message: 'm', type: 'BadRequestError', code: 400 } },
      'BadRequestError',
    ],
    ['a code that is a number of its own', { error: { message: 'm', code: '1210' } }, '1210'],
    ['the type of Anthropic', { type: 'error', error: { type: 'overloaded_error', message: 'm' } }, 'overloaded_error'],
    ['the code of an error event', { type: 'error', code: 'server_error', message: 'm' }, 'server_error'],
    [
      'the status of Gemini',
      { error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'm' } },
      'RESOURCE_EXHAUSTED',
    ],
    ['a list of Gemini', [{ error: { code: 400, status: 'INVALID_ARGUMENT', message: 'm' } }], 'INVALID_ARGUMENT'],
    [
      'the reason of Gemini',
      { error: { code: 400, status: 'INVALID_ARGUMENT', details: [{}, quotaInfo] } },
      'API_KEY_INVALID',
    ],
  ])('%s', (_, body, name) => {
    expect(nameOf(body)).toBe(name);
  });
});

test.each([
  ['Ollama has none', { error: 'model "x" not found' }],
  ['an error event alone', { type: 'error', message: 'm' }],
  ['a sentence', { error: { code: 'the prompt was: hello' } }],
  ['a line break', { error: { code: 'a\nb' } }],
  ['a long text', { error: { code: 'x'.repeat(65) } }],
  ['an object', { error: { code: { prompt: 'hello' } } }],
])('what is no name is left out: %s', (_, body) => {
  expect(nameOf(body)).toBeUndefined();
});
