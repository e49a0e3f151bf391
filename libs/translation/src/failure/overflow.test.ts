import { describe, expect, test } from 'vitest';
import { readErrorValue } from './error-report.ts';
import { readOutputLimit, overflowError } from './overflow.ts';

const unknown = { estimatedTokens: undefined, windowTokens: undefined };

function told(message: string, at: Parameters<typeof overflowError>[1] = unknown, code?: string) {
  return overflowError(readErrorValue({ error: { message, ...(code === undefined ? {} : { code }) } }), at, 'big-1');
}

describe('what a server would have taken for the answer', () => {
  test.each([
    [
      'max_tokens is too large: 32000. This model supports at most 16384 completion tokens, whereas you provided 32000.',
      16384,
    ],
    ['Invalid max_tokens value, the valid range of max_tokens is [1, 8192]', 8192],
    ['<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 65536]', 65536],
    [
      '`max_completion_tokens` must be less than or equal to `8192`, the maximum value for `max_completion_tokens` is less than the `context_window` for this model',
      8192,
    ],
    ['max_tokens for `llama-3.1-8b-instant` must be less than or equal to 8000', 8000],
    ["max_tokens (384000) exceeds model's maximum output tokens (65536) for model deepseek-v4-flash", 65536],
    ['max_tokens: 200000 > 64000, which is the maximum allowed number of output tokens for claude-1', 64000],
  ])('is its limit for any answer: %s', (message, most) => {
    expect(readOutputLimit(readErrorValue({ error: { message } }))).toEqual({
      outputTokens: most,
      limits: { contextTokens: undefined, outputTokens: most },
    });
  });

  test.each([
    [
      "'max_tokens' or 'max_completion_tokens' is too large: 32000. This model's maximum context length is 8192 tokens and your request has 500 input tokens (32000 > 8192 - 500).",
      7692,
      8192,
    ],
    [
      "This endpoint's maximum context length is 131072 tokens. However, you requested about 142000 tokens (90000 of text input, 20000 of tool input, 32000 in the output).",
      21072,
      131072,
    ],
    [
      "This model's maximum context length is 131072 tokens. However, you requested 131329 tokens (123137 in the messages, 8192 in the completion).",
      7935,
      131072,
    ],
    [
      '`inputs` tokens + `max_new_tokens` must be <= 4097. Given: 900 `inputs` tokens and 4096 `max_new_tokens`',
      3197,
      4097,
    ],
  ])('is what the prompt leaves of the window: %s', (message, room, window) => {
    expect(readOutputLimit(readErrorValue({ error: { message } }))).toEqual({
      outputTokens: room,
      limits: { contextTokens: window, outputTokens: undefined },
    });
  });
});

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
    [
      "This endpoint's maximum context length is 131072 tokens. However, you requested about 160000 tokens (120000 of text input, 30000 of tool input, 10000 in the output).",
      150000,
      131072,
    ],
    [
      "'max_tokens' or 'max_completion_tokens' is too large: 32000. This model's maximum context length is 8192 tokens and your request has 8000 input tokens (32000 > 8192 - 8000).",
      8193,
      8192,
    ],
    ['<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 98304]', 98305, 98304],
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
