import { describe, expect, test } from 'vitest';
import { readErrorValue } from './error-report.ts';
import { overflowError } from './overflow.ts';

const unknown = { estimatedTokens: undefined, windowTokens: undefined };

function told(message: string, at: Parameters<typeof overflowError>[1] = unknown, code?: string) {
  return overflowError(readErrorValue({ error: { message, ...(code === undefined ? {} : { code }) } }), at, 'big-1');
}

describe('a prompt over the window is told in the words of the Anthropic API', () => {
  test.each([
    [
      "This model's maximum context length is 8192 tokens. However, your messages resulted in 10005 tokens. Please reduce the length of the messages.",
      10005,
      8192,
    ],
    [
      "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4500 in the messages, 500 in the completion).",
      4500,
      4096,
    ],
    ['prompt token count of 130001 exceeds the limit of 128000', 130001, 128000],
    ['The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).', 1200000, 1048576],
    ['Input length 5000 exceeds the maximum allowed length of 4096', 5000, 4096],
    [
      "This endpoint's maximum context length is 131072 tokens. However, you requested about 150000 tokens (140000 of text input, 10000 in the output).",
      140000,
      131072,
    ],
    [
      'Prompt contains 40,000 tokens and 0 draft tokens, too large for model with 32,768 maximum context length',
      40000,
      32768,
    ],
    ['messages.0: prompt is too long: 210000 tokens > 200000 maximum', 210000, 200000],
    ['request (3010 tokens) exceeds the available context size (2048 tokens), try increasing it', 3010, 2048],
  ])('%s', (message, prompt, window) => {
    expect(told(message)).toMatchObject({
      code: 'prompt-too-long',
      status: 400,
      type: 'invalid_request_error',
      publicMessage: `prompt is too long: ${prompt} tokens > ${window} maximum`,
    });
  });

  test('with the numbers of the gateway where the text has none', () => {
    const text = 'the input length exceeds the context length';
    expect(told(text, { estimatedTokens: 9000, windowTokens: 8192 })?.publicMessage).toBe(
      'prompt is too long: 9000 tokens > 8192 maximum',
    );
    expect(told(text, { estimatedTokens: 7000, windowTokens: 8192 })?.publicMessage).toBe(
      'prompt is too long: 8193 tokens > 8192 maximum',
    );
    expect(told(text)?.publicMessage).toBe('Prompt is too long');
    expect(told('Too big', unknown, 'context_length_exceeded')?.publicMessage).toBe('Prompt is too long');
  });
});

test.each([
  [
    "'max_tokens' or 'max_completion_tokens' is too large: 32000. This model's maximum context length is 8192 tokens and your request has 500 input tokens (32000 > 8192 - 500).",
    'input length and `max_tokens` exceed context limit: 500 + 32000 > 8192, decrease input length or `max_tokens` and try again',
  ],
  [
    'max_tokens is too large: 128000. This model supports at most 16384 completion tokens, whereas you provided 128000.',
    'max_tokens: 128000 > 16384, which is the maximum allowed number of output tokens for big-1',
  ],
])('an answer that would be too long is told so that the client asks for less: %s', (message, publicMessage) => {
  expect(told(message)).toMatchObject({ code: 'upstream-refused', status: 400, publicMessage });
});

test.each(['Invalid value for temperature', 'The model does not exist', 'Rate limit reached: 30000 tokens per minute'])(
  'another failure is none: %s',
  (message) => {
    expect(told(message)).toBeUndefined();
  },
);
