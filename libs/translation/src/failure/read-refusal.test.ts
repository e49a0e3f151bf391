import { expect, test } from 'vitest';
import { readFailure } from './read-failure.ts';
import type { UpstreamCause } from './upstream-cause.ts';

type Case = readonly [kind: UpstreamCause['kind'], status: number, body: unknown, cause?: object];

const m = (message: unknown, more: object = {}) => ({ error: { message, ...more } });

/** Accounts, counts, schemas, fields and values in the words of many servers, and in the forms of several validators. */
const cases: readonly Case[] = [
  [
    'field-rejected',
    400,
    {
      errors: [
        {
          instancePath: '/stream_options',
          keyword: 'additionalProperties',
          params: { additionalProperty: 'include_obfuscation' },
          message: 'must NOT have additional properties',
        },
      ],
    },
    { paths: ['stream_options.include_obfuscation'] },
  ],
  [
    'field-rejected',
    400,
    { errors: [{ pointer: '/chat_template_kwargs', detail: 'is not allowed' }] },
    { paths: ['chat_template_kwargs'] },
  ],
  [
    'value-rejected',
    422,
    {
      detail: [
        {
          type: 'less_than_equal',
          loc: ['body', 'top_p'],
          msg: 'Input should be less than or equal to 0.8',
          input: 0.95,
          ctx: { le: 0.8 },
        },
      ],
    },
    { path: 'top_p', value: '0.95' },
  ],
  [
    'account-empty',
    429,
    m('Your account org-1 <ak-2> is suspended, please check your plan and billing details', {
      type: 'exceeded_current_quota_error',
    }),
  ],
  ['account-empty', 403, { code: 30001, message: 'Sorry, your account balance is insufficient', data: null }],
  ['account-empty', 429, m('账户余额不足')],
  ['account-empty', 429, m('账户已欠费')],
  ['account-empty', 429, m('额度已用完')],
  ['account-empty', 429, m('套餐已用完')],
  ['account-empty', 429, m('今日额度已用尽')],
  ['account-empty', 429, { error: { code: '1304', message: 'Daily call limit for this API reached' } }],
  [
    'account-empty',
    429,
    { error: { code: '1309', message: 'Your GLM Coding Plan package has expired and is temporarily unavailable' } },
  ],
  [
    'account-empty',
    429,
    {
      error: { code: '1310', message: 'Weekly/Monthly Limit Exhausted. Your limit will reset at 2026-12-01 00:00:00' },
    },
    { resetsAt: '2026-12-01 00:00:00' },
  ],
  ['account-empty', 429, m("You've reached your usage limit. It resets at 3pm (UTC).")],
  ['account-empty', 429, m('Monthly quota exceeded')],
  ['account-empty', 429, m('You have run out of credits.')],
  ['account-empty', 429, m('Your credits are exhausted')],
  [
    'account-empty',
    429,
    { error: { code: '1308', message: '您已达到5小时使用上限，将于 2026-11-28 07:41:44 重置' } },
    { resetsAt: '2026-11-28 07:41:44' },
  ],
  ['account-empty', 429, m('You have exceeded your monthly included credits for Inference Providers.')],
  ['account-empty', 429, m('Billing hard limit has been reached')],
  ['account-empty', 429, m('Payment required: top up your balance')],
  ['rate-limited', 429, m('请求过于频繁，请稍后再试')],
  ['rate-limited', 429, m('并发数超限')],
  [
    'rate-limited',
    429,
    m(
      'Requests to the ChatCompletions_Create Operation have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 6 seconds.',
    ),
    { retryAfterSeconds: 6 },
  ],
  [
    'rate-limited',
    429,
    m('Your account reached max organization concurrency: 1, please try again after 1 seconds', {
      type: 'rate_limit_reached_error',
    }),
    { retryAfterSeconds: 1 },
  ],
  ['rate-limited', 429, { error: { code: '1303', message: '请求频率过高' } }],
  [
    'rate-limited',
    429,
    { error: { code: '1305', message: 'The service may be temporarily overloaded, please try again later' } },
  ],
  ['rate-limited', 429, m('Quota exceeded for requests per minute, limit: 60')],
  ['rate-limited', 200, { error_code: 18, error_msg: 'Open api qps request limit reached' }],
  [
    'refused',
    413,
    m('Request exceeds the maximum allowed number of bytes. The maximum request size is 32 MB', {
      type: 'request_too_large',
    }),
  ],
  ['count-exceeded', 400, m('You can only send up to 5 images'), { what: 'images', maximum: 5 }],
  ['count-exceeded', 400, m('Too many images: max 10'), { what: 'images', maximum: 10 }],
  ['count-exceeded', 400, m('This model supports at most 1 image'), { maximum: 1 }],
  ['count-exceeded', 400, m('图片数量不能超过 4 张'), { what: 'images', maximum: 4 }],
  ['count-exceeded', 400, m('maximum number of images is 8'), { maximum: 8 }],
  ['count-exceeded', 400, m('number of images (6) exceeds the maximum (4)'), { maximum: 4 }],
  ['count-exceeded', 400, m('Exceeded the maximum number of images: 20'), { maximum: 20 }],
  ['count-exceeded', 400, m('messages: at most 100 images are allowed'), { maximum: 100 }],
  ['count-exceeded', 400, m('The number of image_url exceeds the limit of 3'), { what: 'images', maximum: 3 }],
  [
    'count-exceeded',
    400,
    m('tools: Array should have at most 128 items after validation, not 130'),
    { what: 'tools', maximum: 128 },
  ],
  [
    'count-exceeded',
    422,
    {
      detail: [
        {
          type: 'too_long',
          loc: ['body', 'tools'],
          msg: 'List should have at most 128 items after validation, not 130',
          ctx: { max_length: 128, actual_length: 130 },
        },
      ],
    },
    { what: 'tools', maximum: 128 },
  ],
  ['count-exceeded', 400, m('Maximum number of tools is 128'), { what: 'tools', maximum: 128 }],
  [
    'count-exceeded',
    400,
    m(
      "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length 5 instead.",
      { param: 'stop', code: 'array_above_max_length' },
    ),
    { what: 'stop sequences', maximum: 4 },
  ],
  ['count-exceeded', 400, m('Only 1 image is allowed per request'), { maximum: 1 }],
  ['schema-rejected', 400, m("JSON schema conversion failed:\nPattern must start with '^' and end with '$'")],
  ['schema-rejected', 400, m('Grammar error: Unimplemented keys: ["propertyNames"]')],
  [
    'schema-rejected',
    400,
    m(
      "invalid JSON schema for tool Bash, tools[0].function.parameters: `/properties/x`: keyword 'additionalProperties' not supported",
    ),
  ],
  ['schema-rejected', 400, m("Unsupported JSON schema fields: {'pattern'}"), { keyword: 'pattern' }],
  [
    'schema-rejected',
    400,
    m(
      'Invalid JSON payload received. Unknown name "exclusiveMinimum" at \'tools[0].function_declarations[1].parameters.properties[0].value\': Cannot find field.',
    ),
    { keyword: 'exclusiveMinimum' },
  ],
  [
    'schema-rejected',
    400,
    m(
      "Invalid schema for function 'x': In context=('properties','y'), 'additionalProperties' is required to be supplied and to be false.",
    ),
    {},
  ],
  [
    'schema-rejected',
    400,
    m("Invalid schema for function 'x': schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'.", {
      param: 'tools[0].function.parameters',
      code: 'invalid_function_parameters',
    }),
  ],
  [
    'schema-rejected',
    400,
    m('tools.0.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12'),
  ],
  ['schema-rejected', 400, m("Failed to compile grammar: unsupported keyword 'patternProperties'"), {}],
  [
    'field-rejected',
    400,
    m("property 'reasoning_effort' is unsupported, did you mean 'reasoning_format'?"),
    { paths: ['reasoning_effort'] },
  ],
  [
    'field-rejected',
    400,
    m('The parameter stream_options is not supported by this model'),
    { paths: ['stream_options'] },
  ],
  ['field-rejected', 400, m('Parameter stream_options not supported'), { paths: ['stream_options'] }],
  ['field-rejected', 400, m('Unsupported parameter stream_options'), { paths: ['stream_options'] }],
  ['field-rejected', 400, m('`chat_template_kwargs` is not a valid parameter'), { paths: ['chat_template_kwargs'] }],
  [
    'field-rejected',
    400,
    m('extraneous key [stream_options] is not permitted, please reformat your input'),
    { paths: ['stream_options'] },
  ],
  [
    'field-rejected',
    400,
    { message: ['property stream_options should not exist'], error: 'Bad Request', statusCode: 400 },
    { paths: ['stream_options'] },
  ],
  [
    'field-rejected',
    400,
    { details: [{ message: '"stream_options" is not allowed', path: ['stream_options'], type: 'object.unknown' }] },
    { paths: ['stream_options'] },
  ],
  [
    'field-rejected',
    400,
    m('Unrecognized field "stream_options" (class com.acme.Request), not marked as ignorable'),
    { paths: ['stream_options'] },
  ],
  ['field-rejected', 400, m('Unexpected property: stream_options'), { paths: ['stream_options'] }],
  ['field-rejected', 400, m('No such field: stream_options'), { paths: ['stream_options'] }],
  [
    'field-rejected',
    400,
    m('messages.2.tool_calls.0.extra: Extra inputs are not permitted'),
    { paths: ['messages[2].tool_calls[0].extra'] },
  ],
  [
    'field-rejected',
    400,
    {
      error: {
        code: 'unknown_parameter',
        param: 'messages[1].reasoning_content',
        message: "Unknown parameter: 'messages[1].reasoning_content'.",
      },
    },
    { paths: ['messages[1].reasoning_content'] },
  ],
  [
    'field-rejected',
    422,
    {
      message: {
        errors: [{ loc: ['body', 'messages', 2, 'assistant', 'reasoning_content'], type: 'extra_forbidden' }],
      },
    },
    { paths: ['messages[2].reasoning_content'] },
  ],
  ['field-rejected', 400, m('不支持参数 stream_options'), { paths: ['stream_options'] }],
  [
    'value-rejected',
    422,
    {
      detail: [
        {
          type: 'literal_error',
          loc: ['body', 'reasoning_effort'],
          msg: "Input should be 'low', 'medium' or 'high'",
          input: 'xhigh',
          ctx: { expected: "'low', 'medium' or 'high'" },
        },
      ],
    },
    { path: 'reasoning_effort', value: 'xhigh', allowed: ['low', 'medium', 'high'] },
  ],
  [
    'value-rejected',
    400,
    m("'xhigh' is not one of ['low', 'medium', 'high'] - 'reasoning_effort'"),
    { path: 'reasoning_effort', allowed: ['low', 'medium', 'high'] },
  ],
  [
    'value-rejected',
    400,
    m('reasoning.effort: Invalid option: expected one of "low"|"medium"|"high"'),
    { path: 'reasoning.effort', allowed: ['low', 'medium', 'high'] },
  ],
  [
    'value-rejected',
    400,
    m("output_config.effort: Input should be 'low', 'medium' or 'high'"),
    { path: 'output_config.effort', allowed: ['low', 'medium', 'high'] },
  ],
  [
    'value-rejected',
    400,
    m("Invalid reasoning_effort 'xhigh'. Valid values: low, medium, high"),
    { path: 'reasoning_effort', allowed: ['low', 'medium', 'high'] },
  ],
  [
    'value-rejected',
    400,
    m("reasoning_effort 'xhigh' not supported. Use one of: low, medium"),
    { path: 'reasoning_effort', allowed: ['low', 'medium'] },
  ],
  [
    'value-rejected',
    400,
    m('invalid temperature: only 1 is allowed for this model'),
    { path: 'temperature', allowed: ['1'] },
  ],
  [
    'value-rejected',
    400,
    m(
      "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported.",
    ),
    { path: 'temperature', allowed: ['1'] },
  ],
  [
    'value-rejected',
    400,
    {
      error: [
        {
          instancePath: '/reasoning_effort',
          keyword: 'enum',
          params: { allowedValues: ['low', 'high'] },
          message: 'must be equal to one of the allowed values',
        },
      ],
    },
    { path: 'reasoning_effort', allowed: ['low', 'high'] },
  ],
  [
    'value-rejected',
    400,
    m("reasoning_effort must be one of ['low', 'medium', 'high']"),
    { path: 'reasoning_effort', allowed: ['low', 'medium', 'high'] },
  ],
  [
    'value-rejected',
    400,
    m("The value 'xhigh' for reasoning_effort is not supported. Supported values: low, medium, high"),
    { path: 'reasoning_effort', allowed: ['low', 'medium', 'high'] },
  ],
  [
    'value-rejected',
    400,
    m('`reasoning_effort` should be one of: low, medium, high (got: xhigh)'),
    { path: 'reasoning_effort', allowed: ['low', 'medium', 'high'] },
  ],
  ['refused', 400, m('The thinking_budget parameter must be a positive integer and not greater than 38912')],
  ['model-unknown', 400, { code: 20012, message: 'Model does not exist. Please check it carefully.' }],
  [
    'model-unknown',
    404,
    {
      error: {
        code: 'InvalidEndpointOrModel.NotFound',
        message: 'The model or endpoint x does not exist or you do not have access to it.',
      },
    },
  ],
  ['overloaded', 503, m('当前服务繁忙，请稍后再试')],
  ['overloaded', 500, m('模型过载')],
  [
    'refused',
    400,
    m('The response was filtered due to the prompt triggering content management policy', { code: 'content_filter' }),
  ],
  ['refused', 400, m('Image exceeds the maximum size of 5 MB: 6291456 bytes > 5242880 bytes')],
  ['refused', 400, m('tool_call_ids did not have response messages: call_1')],
  ['broken', 500, m('Internal server error')],
  ['form-rejected', 400, m('Thinking mode does not support forced tool_choice')],
  ['form-rejected', 400, m('Thinking may not be enabled when tool_choice forces tool use.')],
  ['form-rejected', 400, m('tool_choice "required" is not supported in thinking mode')],
];

test.each(cases.map(([kind, status, body, cause]) => ({ kind, status, body, cause })))(
  '$status $body is $kind',
  ({ kind, status, body, cause = {} }) => {
    const read = readFailure({ status, headers: [], body: JSON.stringify(body) });
    expect(read.cause).toMatchObject({ kind, ...cause });
  },
);
