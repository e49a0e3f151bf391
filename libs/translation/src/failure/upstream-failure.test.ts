import { describe, expect, test } from 'vitest';
import type { PromptSize } from '../translation.ts';
import { readRejections } from './rejections.ts';
import { unknownSize } from './tell-failure.ts';
import { readUpstreamFailure } from './upstream-failure.ts';

interface Sent {
  readonly status?: number;
  readonly maxTokens?: number;
  readonly at?: PromptSize;
}

function failed(error: unknown, { status = 400, maxTokens = 32_000, at = unknownSize }: Sent = {}) {
  const body = Buffer.from(JSON.stringify({ error }));
  const nothing = { members: new Map(), forms: new Set<string>(), counts: new Map(), hasSchemas: false };
  const sent = { ...nothing, maxTokens, known: readRejections([]) };
  return readUpstreamFailure({ status, headers: [], body }, { provider: 'acme', model: 'big-1', at }, sent);
}

describe('an answer that may not be that long is asked for once more', () => {
  test.each([
    [
      'max_tokens is too large: 32000. This model supports at most 16384 completion tokens, whereas you provided 32000.',
      16384,
    ],
    ['Invalid max_tokens value, the valid range of max_tokens is [1, 8192]', 8192],
    ['<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 16384]', 16384],
    [
      '`max_completion_tokens` must be less than or equal to `8192`, the maximum value for `max_completion_tokens` is less than the `context_window` for this model',
      8192,
    ],
    ['max_tokens for `llama-3.1-8b-instant` must be less than or equal to 8000', 8000],
    ["max_tokens (384000) exceeds model's maximum output tokens (20000) for model deepseek-v4-flash", 20000],
    ['max_tokens: 200000 > 30000, which is the maximum allowed number of output tokens for claude-1', 30000],
    ['max_tokens参数非法：限制数值范围[1,16384]', 16384],
    ['max_tokens must be less than or equal to 512', 512],
  ])('with the model’s limit for any answer: %s', (message, outputTokens) => {
    const limits = { contextTokens: undefined, outputTokens };
    expect(failed({ message }).retry).toEqual({ kind: 'shorter', outputTokens, limits });
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
    ["This model's maximum context length is 40960 tokens, however you requested 43000 tokens.", 29960, 40960],
  ])('with what the prompt leaves of the window: %s', (message, outputTokens, contextTokens) => {
    const limits = { contextTokens, outputTokens: undefined };
    expect(failed({ message }).retry).toEqual({ kind: 'shorter', outputTokens, limits });
  });

  const atLeast =
    "This model's maximum context length is 40960 tokens. However, you requested 32000 output tokens and your prompt contains at least 8961 input tokens, for a total of at least 40961 tokens. (parameter=input_tokens, value=8961)";

  test.each([
    ['the estimate leaves', 9500, 40960 - 9500 - 1024],
    ['half, where nothing is estimated', undefined, 16_000],
    ['half, where the estimate was too small', 4000, 16_000],
  ])('with what %s, as "at least" is no count of the prompt', (_, estimatedTokens, outputTokens) => {
    const at = { estimatedTokens, windowTokens: undefined };
    const limits = { contextTokens: 40960, outputTokens: undefined };
    expect(failed({ message: atLeast }, { at }).retry).toEqual({ kind: 'shorter', outputTokens, limits });
  });

  test.each([
    [
      402,
      'This request requires more credits, or fewer max_tokens. You requested up to 32000 tokens, but can only afford 27342.',
      27342,
    ],
    [402, 'More credits are required to run this request. 32000 token capacity required, 19484 available.', 19484],
    [413, 'Request too large for model `m` on tokens per minute (TPM): Limit 30000, Requested 42000', 20000],
    [429, 'Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 33000.', 29000],
  ])('%i with what the account may spend, which is nothing about the model: %s', (status, message, outputTokens) => {
    const limits = { contextTokens: undefined, outputTokens: undefined };
    expect(failed({ message }, { status }).retry).toEqual({ kind: 'shorter', outputTokens, limits });
  });

  test.each([
    ['upstream-refused', 'max_tokens is too large'],
    ['upstream-refused', 'max_tokens参数非法。请检查文档。'],
    ['upstream-refused', "Max tokens exceeds model's max length"],
    ['upstream-refused', 'max_tokens must be less than or equal to 32000'],
    ['prompt-too-long', atLeast],
    ['prompt-too-long', "This model's maximum context length is 4096 tokens, however you requested 34000 tokens."],
  ])('until nothing useful is left, which is then told as %s: %s', (code, message) => {
    let maxTokens = 32_000;
    for (;;) {
      const { retry, error } = failed({ message }, { maxTokens });
      if (retry.kind !== 'shorter') {
        expect(error.code).toBe(code);
        return;
      }
      expect(retry.outputTokens).toBeLessThan(maxTokens);
      expect(retry.outputTokens).toBeGreaterThanOrEqual(1024);
      maxTokens = retry.outputTokens;
    }
  });
});

test.each([
  [
    'fills the window by the estimate',
    "the model's context length is only 40960 tokens, you requested 32000 output tokens",
    40_500,
  ],
  [
    'fills a minute of the account',
    'Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 31538.',
    undefined,
  ],
])('a prompt that %s is told as one, and nothing shorter is asked', (_, message, estimatedTokens) => {
  const maxTokens = estimatedTokens === undefined ? 1600 : 32_000;
  const { error, cause, retry } = failed({ message }, { maxTokens, at: { estimatedTokens, windowTokens: undefined } });
  expect({ code: error.code, cause: cause.kind, retry }).toEqual({
    code: 'prompt-too-long',
    cause: 'overflow',
    retry: { kind: 'none' },
  });
});

test.each([
  [138_000, 'overflow'],
  [110_000, 'answer-too-long'],
  [undefined, 'answer-too-long'],
])('a number that may hold the answer or not is judged by the estimate of %s: %s', (estimatedTokens, kind) => {
  const message = 'Invalid request: Your request exceeded model token limit: 131072 (requested: 140123)';
  expect(failed({ message }, { at: { estimatedTokens, windowTokens: undefined } }).cause.kind).toBe(kind);
});

test('credit for next to no answer is an empty account', () => {
  const message = 'You requested up to 32000 tokens, but can only afford 342.';
  expect(failed({ message }, { status: 402 })).toMatchObject({
    cause: { kind: 'account-empty' },
    error: { code: 'upstream-account-empty' },
    retry: { kind: 'none' },
  });
});
