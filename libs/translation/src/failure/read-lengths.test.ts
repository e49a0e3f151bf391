import { expect, test } from 'vitest';
import { readFailure } from './read-failure.ts';
import type { UpstreamCause } from './upstream-cause.ts';

type Case = readonly [kind: UpstreamCause['kind'], status: number, body: unknown, cause?: object];

const m = (message: unknown, more: object = {}) => ({ error: { message, ...more } });

/** Lengths in the words of many servers, and in the forms of several validators. */
const cases: readonly Case[] = [
  [
    'refused',
    400,
    {
      issues: [
        {
          code: 'too_big',
          maximum: 1024,
          type: 'string',
          inclusive: true,
          message: 'String must contain at most 1024 character(s)',
          path: ['tools', 3, 'function', 'description'],
        },
      ],
    },
    { path: 'tools[3].function.description' },
  ],
  [
    'refused',
    400,
    {
      error: [
        {
          keyword: 'maxLength',
          instancePath: '/tools/3/function/description',
          params: { limit: 1024 },
          message: 'must NOT have more than 1024 characters',
        },
      ],
    },
    { path: 'tools[3].function.description' },
  ],
  [
    'refused',
    400,
    m('tools.3.custom.description: String should have at most 1024 characters'),
    { path: 'tools[3].custom.description' },
  ],
  [
    'refused',
    422,
    {
      detail: [
        {
          type: 'string_too_long',
          loc: ['body', 'tools', 3, 'function', 'description'],
          msg: 'String should have at most 1024 characters',
          ctx: { max_length: 1024 },
        },
      ],
    },
    { path: 'tools[3].function.description' },
  ],
  [
    'refused',
    400,
    m(
      "Invalid 'tools[0].function.name': string too long. Expected a string with maximum length 64, but got a string with length 90 instead.",
    ),
    { path: 'tools[0].function.name' },
  ],
  [
    'refused',
    400,
    m("'tools.3.function.description' is too long. Maximum length is 1024 characters, got 1100."),
    { path: 'tools[3].function.description' },
  ],
  [
    'refused',
    400,
    m('Tool description exceeds the maximum length of 1024 characters', { param: 'tools[3].function.description' }),
    { path: 'tools[3].function.description' },
  ],
  [
    'refused',
    400,
    m('description too long', {
      type: 'invalid_request_error',
      code: 'string_above_max_length',
      param: 'functions[2].description',
    }),
    { path: 'functions[2].description' },
  ],
  [
    'refused',
    400,
    m(
      "Invalid 'user': string too long. Expected a string with maximum length 64, but got a string with length 65 instead.",
      { param: 'user', code: 'string_above_max_length' },
    ),
    { path: 'user' },
  ],
  [
    'answer-too-long',
    400,
    m(
      "You passed 8961 input tokens and requested 32000 output tokens. However, the model's context length is only 40960 tokens, resulting in a maximum input length of 8960 tokens. Please reduce the length of the input prompt. (parameter=input_tokens, value=8961)",
    ),
    { windowTokens: 40960, promptTokens: 8961, possibleTokens: 31999 },
  ],
  [
    'answer-too-long',
    400,
    m(
      "This model's maximum context length is 32768 tokens. However, you requested 16000 output tokens and your prompt contains at least 16769 input tokens, for a total of at least 32769 tokens. Please reduce the length of the input prompt or the number of requested output tokens.",
    ),
    { windowTokens: 32768, promptTokens: undefined },
  ],
  [
    'answer-too-long',
    400,
    m(
      "Requested token count exceeds the model's maximum context length of 40960 tokens. You requested a total of 41000 tokens: 9000 tokens from the input messages and 32000 tokens for the completion. Please reduce the number of tokens in the input messages or the completion to fit within the limit.",
    ),
    { promptTokens: 9000, possibleTokens: 31960 },
  ],
  [
    'overflow',
    400,
    m(
      "You passed 50000 input tokens and requested 32000 output tokens. However, the model's context length is only 40960 tokens, resulting in a maximum input length of 8960 tokens.",
    ),
    { promptTokens: 50000, windowTokens: 40960 },
  ],
  [
    'answer-too-long',
    400,
    {
      object: 'error',
      message:
        "[{'type': 'value_error', 'loc': ('body',), 'msg': \"Value error, max_tokens=32000 cannot be greater than max_model_len=16384\"}]",
    },
    {},
  ],
  [
    'overflow',
    413,
    {
      error: {
        code: 'tokens_limit_reached',
        message: 'Request body too large for gpt-4o model. Max size: 8000 tokens.',
        details: 'Request body too large for gpt-4o model. Max size: 8000 tokens.',
      },
    },
    { windowTokens: 8000 },
  ],
  [
    'overflow',
    400,
    m('the request exceeds the available context size. try increasing the context size or enable context shift'),
  ],
  [
    'overflow',
    400,
    { code: 20015, message: 'length of prompt_tokens (68957) must be less than max_seq_len (65536).', data: null },
    { promptTokens: 68957 },
  ],
  ['overflow', 400, m('上下文长度超出限制')],
  ['overflow', 400, m('输入超过最大长度限制')],
  ['overflow', 400, m('请求的 token 数超过模型上限 32768'), { windowTokens: 32768 }],
  ['overflow', 400, m('prompt 长度超限')],
  ['overflow', 400, m('消息过长，请缩短后重试')],
  [
    'overflow',
    400,
    m('输入的 tokens 数量 140000 超出了模型支持的最大上下文 131072'),
    { promptTokens: 140000, windowTokens: 131072 },
  ],
  ['overflow', 400, { error_code: 336103, error_msg: 'prompt tokens too long' }],
  [
    'overflow',
    200,
    { base_resp: { status_code: 2013, status_msg: 'invalid params, context window exceeds limit (2013)' } },
  ],
  [
    'overflow',
    400,
    m('Your request is too large for this model. The maximum context size is 8192 tokens, and you sent 9000.'),
    { windowTokens: 8192 },
  ],
  ['overflow', 400, m('Context length exceeded: 9000 tokens, max is 8192'), { windowTokens: 8192, promptTokens: 9000 }],
  [
    'overflow',
    400,
    m('Number of input tokens (9000) is larger than the maximum allowed (8192)'),
    { promptTokens: 9000, windowTokens: 8192 },
  ],
  ['overflow', 400, m('The total number of tokens in your prompt (9000) exceeds the model limit of 8192'), {}],
  ['overflow', 400, m('Conversation is too long: 9000/8192 tokens'), {}],
  ['overflow', 400, m('Prompt has 9000 tokens which exceeds the 8192 token limit'), {}],
  ['overflow', 400, m('Token limit exceeded. Please shorten your prompt.'), {}],
  ['overflow', 400, m('Input exceeds the maximum number of tokens'), {}],
  ['overflow', 500, m('slot context is full'), {}],
  ['overflow', 400, m('input tokens 9000 > max context 8192'), {}],
  [
    'overflow',
    400,
    { error: { type: 'context_window_exceeded', prompt_tokens: 9000, limit: 8192 } },
    { promptTokens: 9000, windowTokens: 8192 },
  ],
  ['overflow', 500, m('{"error":{"message":"Context size has been exceeded."}}')],
  [
    'overflow',
    400,
    m("The model's context window (8,192 tokens) was exceeded by this request (9,000 tokens)."),
    { promptTokens: 9000, windowTokens: 8192 },
  ],
  [
    'answer-too-long',
    400,
    m(
      'Malformed input request: #/max_tokens: 10000 is not less or equal to 8192, please reformat your input and try again.',
    ),
    { modelMaximum: 8192 },
  ],
  ['answer-too-long', 400, m('max_tokens 超出范围，最大值为 8192'), { modelMaximum: 8192 }],
  ['answer-too-long', 400, m('参数 max_tokens 必须小于等于 8192'), { modelMaximum: 8192 }],
  ['answer-too-long', 400, m('输出长度不能超过 4096'), { modelMaximum: 4096 }],
  ['answer-too-long', 400, m('max_tokens 参数取值范围为 [1, 8192]'), { modelMaximum: 8192 }],
  ['answer-too-long', 400, m('max_tokens最大值为8192，请调整'), { modelMaximum: 8192 }],
  ['answer-too-long', 400, m('max_tokens 应在 1 到 8192 之间'), { modelMaximum: 8192 }],
  [
    'answer-too-long',
    400,
    {
      issues: [
        {
          code: 'too_big',
          maximum: 8192,
          type: 'number',
          message: 'Number must be less than or equal to 8192',
          path: ['max_tokens'],
        },
      ],
    },
    { modelMaximum: 8192 },
  ],
  [
    'answer-too-long',
    400,
    {
      errors: [
        {
          keyword: 'maximum',
          instancePath: '/max_tokens',
          params: { comparison: '<=', limit: 8192 },
          message: 'must be <= 8192',
        },
      ],
    },
    { modelMaximum: 8192 },
  ],
  ['answer-too-long', 400, m("32000 is greater than the maximum of 8192 - 'max_tokens'"), { modelMaximum: 8192 }],
  ['answer-too-long', 400, m('`max_new_tokens` must be <= 4096. Given: 32000'), { modelMaximum: 4096 }],
  [
    'answer-too-long',
    400,
    m('max_completion_tokens: Input should be less than or equal to 16384'),
    { modelMaximum: 16384 },
  ],
  ['answer-too-long', 400, m('Maximum output tokens is 8192, you requested 32000'), { modelMaximum: 8192 }],
  [
    'answer-too-long',
    400,
    m("The requested number of output tokens (32000) exceeds the model's limit (8192)"),
    { modelMaximum: 8192, askedTokens: 32000 },
  ],
  ['answer-too-long', 400, m('Invalid value for max_tokens: must be between 1 and 8192'), { modelMaximum: 8192 }],
  ['answer-too-long', 400, m('max_tokens should be less than 8193'), { modelMaximum: 8192 }],
  [
    'answer-too-long',
    402,
    m(
      'This request requires more credits, or fewer max_tokens. You requested up to 64000 tokens, but can only afford 12,345.',
    ),
    { possibleTokens: 12345 },
  ],
  [
    'answer-too-long',
    402,
    m('Insufficient credits: you requested up to 32000 tokens but can only afford 5000 tokens'),
    { possibleTokens: 5000 },
  ],
];

test.each(cases.map(([kind, status, body, cause]) => ({ kind, status, body, cause })))(
  '$status $body is $kind',
  ({ kind, status, body, cause = {} }) => {
    const read = readFailure({ status, headers: [], body: JSON.stringify(body) });
    expect(read.cause).toMatchObject({ kind, ...cause });
  },
);
