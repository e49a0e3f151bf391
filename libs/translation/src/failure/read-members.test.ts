import { expect, test } from 'vitest';
import { readFailure } from './read-failure.ts';
import type { UpstreamCause } from './upstream-cause.ts';

type Case = readonly [kind: UpstreamCause['kind'], status: number, body: unknown, cause?: object];

const m = (message: unknown, more: object = {}) => ({ error: { message, ...more } });

/** Members of a request and their values, in the words of many servers and in the forms of several validators. */
const cases: readonly Case[] = [
  [
    'field-rejected',
    400,
    { errors: [{ path: 'stream_options', code: 'unrecognized' }] },
    { paths: ['stream_options'] },
  ],
  [
    'field-rejected',
    400,
    { error: { details: [{ issue: 'unsupported', location: '/stream_options' }] } },
    { paths: ['stream_options'] },
  ],
  [
    'field-rejected',
    422,
    { error: { details: [{ issue: 'is not supported', field: 'messages[1].reasoning' }] } },
    { paths: ['messages[1].reasoning'] },
  ],
  [
    'field-rejected',
    400,
    { invalid_params: [{ name: 'stream_options', reason: 'is not supported' }] },
    { paths: ['stream_options'] },
  ],
  [
    'field-rejected',
    400,
    { title: 'Bad Request', 'invalid-params': [{ name: 'tools.0.strict', code: 'unsupported' }] },
    { paths: ['tools[0].strict'] },
  ],
  [
    'value-rejected',
    400,
    { errors: [{ path: 'reasoning_effort', code: 'unsupported', value: 'xhigh', allowed: ['low', 'high'] }] },
    { path: 'reasoning_effort', value: 'xhigh', allowed: ['low', 'high'] },
  ],
  [
    'answer-too-long',
    400,
    m(JSON.stringify([{ code: 'too_big', maximum: 8192, path: ['max_tokens'] }])),
    { modelMaximum: 8192 },
  ],
  [
    'answer-too-long',
    400,
    { issues: [{ code: 'too_big', maximum: 8192, path: ['max_tokens'] }] },
    { modelMaximum: 8192 },
  ],
  [
    'count-exceeded',
    400,
    m(JSON.stringify([{ code: 'too_big', maximum: 128, path: ['tools'] }])),
    { what: 'tools', maximum: 128 },
  ],
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
  [
    'value-rejected',
    400,
    m('The thinking_budget parameter must be a positive integer and not greater than 38912'),
    { path: 'thinking_budget', range: { minimum: 0, maximum: 38_912, isOpenBelow: true, isOpenAbove: false } },
  ],
  [
    'value-rejected',
    422,
    {
      detail: [
        {
          type: 'greater_than',
          loc: ['body', 'temperature'],
          msg: 'Input should be greater than 0',
          input: 0,
          ctx: { gt: 0 },
        },
      ],
    },
    { path: 'temperature', range: { minimum: 0, maximum: undefined, isOpenBelow: true, isOpenAbove: false } },
  ],
];

test.each(cases.map(([kind, status, body, cause]) => ({ kind, status, body, cause })))(
  '$status $body is $kind',
  ({ kind, status, body, cause = {} }) => {
    const read = readFailure({ status, headers: [], body: JSON.stringify(body) });
    expect(read.cause).toMatchObject({ kind, ...cause });
  },
);
