import { expect, test } from 'vitest';
import { readTokenCounts } from './token-counts.ts';
import type { TokenCounts } from './token-counts.ts';

test.each<[string, Partial<TokenCounts>]>([
  [
    "This model's maximum context length is 40960 tokens. However, you requested 32000 output tokens and your prompt contains at least 8961 input tokens, for a total of at least 40961 tokens. (parameter=input_tokens, value=8961)",
    { window: 40960, asked: 32000 },
  ],
  [
    "This endpoint's maximum context length is 131072 tokens. However, you requested about 160000 tokens (120000 of text input, 30000 of tool input, 10000 in the output).",
    { window: 131072, total: 160000, prompt: 150000, asked: 10000 },
  ],
  [
    "'max_tokens' or 'max_completion_tokens' is too large: 32000. This model's maximum context length is 8192 tokens and your request has 500 input tokens (32000 > 8192 - 500).",
    { window: 8192, prompt: 500, asked: 32000 },
  ],
  [
    "You passed 100000 input tokens and requested 8000 output tokens. However, the model's context length is only 32768 tokens",
    { window: 32768, prompt: 100000, asked: 8000 },
  ],
  [
    'too many tokens: size limit exceeded by 168512 tokens. The limit for this model is 132000 tokens.',
    { window: 132000, prompt: 300512 },
  ],
  ['request (144,055 tokens) exceeds the available context size (131,072 tokens)', { prompt: 144055, window: 131072 }],
  ['n_keep: 10247 >= n_ctx: 4096', { prompt: 10247, window: 4096 }],
  ['Your request exceeded model token limit: 262144 (requested: 269030)', { window: 262144, total: 269030 }],
  ['`inputs` must have less than 4096 tokens. Given: 5000', { prompt: 5000, window: 4095 }],
  ['输入 token 数 5000 超过模型最大上下文长度 4096', { prompt: 5000, window: 4096 }],
  ['max_tokens参数非法：限制数值范围[1,16384]', { answerMax: 16384 }],
  ['最大输出 tokens 为 8192，请求了 32000', { answerMax: 8192 }],
  ['max_tokens must be between 1 and 8192, but 32000 was given', { answerMax: 8192 }],
  ['the supported range of maxOutputTokens is from 1 (inclusive) to 65536 (exclusive)', { answerMax: 65535 }],
  ['max_tokens (131_072) cannot exceed 65_536.', { asked: 131072, answerMax: 65536 }],
  ['max_tokens: 200000 > 64000, which is the maximum allowed number', { asked: 200000, answerMax: 64000 }],
  ['max_tokens exceeds the limit for tier 1 (8192)', { answerMax: 8192 }],
  ['max_tokens exceeds the limit of cohort 3: 8192', { answerMax: 8192 }],
  ['max_tokens exceeds the limit for tier 1', {}],
  ['max_tokens must be between 1 and 8k', { answerMax: 8000 }],
  ['max_tokens must be at most 2 000', { answerMax: 2000 }],
  ['max_tokens must be at most 131\u202f072', { answerMax: 131072 }],
  ['max_tokens must be at most 131\u2009072', { answerMax: 131072 }],
  ['max_tokens must be at most 131\u00a0072', { answerMax: 131072 }],
  ["max_tokens must be at most 8'192", { answerMax: 8192 }],
  ['max_tokens must be at most 8’192', { answerMax: 8192 }],
  ['max_tokens must be at most 8_192', { answerMax: 8192 }],
  ['max_tokens exceeds limit of 16 k tokens', { answerMax: 16000 }],
  ['max_tokens exceeds limit of 16K', { answerMax: 16000 }],
  ['max_tokens exceeds limit of 16 thousand tokens', { answerMax: 16000 }],
  ['max_tokens must be <= 1.5k', { answerMax: 1500 }],
  ['max_tokens 不能超过 1.6万', { answerMax: 16000 }],
  ['max_tokens 最大为 8千', { answerMax: 8000 }],
  ["This model's maximum context length is 1M tokens", { window: 1_000_000 }],
  ['max_tokens 32000 is too large for model acme-8k (max 4096)', { asked: 32000, answerMax: 4096 }],
  ['max_tokens must be <= 512', { answerMax: 512 }],
  ['max_tokens must be between 1 and 512, but 32000 was given', { answerMax: 512 }],
  ['max_tokens: 32000 > 512', { asked: 32000, answerMax: 512 }],
  ['max_tokens exceeds what 3 of our servers allow', {}],
  ['invalid params, context window exceeds limit (2013)', {}],
  ['Error code: 400, request 0217, at 12:30, in 500 ms', {}],
])('the numbers of: %s', (text, counts) => {
  expect(readTokenCounts(text, false)).toEqual({
    window: undefined,
    prompt: undefined,
    total: undefined,
    asked: undefined,
    answerMax: undefined,
    affordable: undefined,
    ...counts,
  });
});
