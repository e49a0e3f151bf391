import { expect, test } from 'vitest';
import { readFailure } from './read-failure.ts';
import type { UpstreamCause } from './upstream-cause.ts';

type Case = readonly [kind: UpstreamCause['kind'], status: number, body: unknown, cause?: object];

const m = (message: unknown, more: object = {}) => ({ error: { message, ...more } });

/** Counts, schemas, forms and whatever else a server refuses, in the words of many. */
const cases: readonly Case[] = [
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
  ['form-rejected', 400, m('Thinking mode does not support forced tool_choice')],
  ['form-rejected', 400, m('Thinking may not be enabled when tool_choice forces tool use.')],
  ['form-rejected', 400, m('tool_choice "required" is not supported in thinking mode')],
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
  [
    'refused',
    413,
    m('Request exceeds the maximum allowed number of bytes. The maximum request size is 32 MB', {
      type: 'request_too_large',
    }),
  ],
  [
    'refused',
    400,
    m('The response was filtered due to the prompt triggering content management policy', { code: 'content_filter' }),
  ],
  ['refused', 400, m('Image exceeds the maximum size of 5 MB: 6291456 bytes > 5242880 bytes')],
  ['refused', 400, m('tool_call_ids did not have response messages: call_1')],
];

test.each(cases.map(([kind, status, body, cause]) => ({ kind, status, body, cause })))(
  '$status $body is $kind',
  ({ kind, status, body, cause = {} }) => {
    const read = readFailure({ status, headers: [], body: JSON.stringify(body) });
    expect(read.cause).toMatchObject({ kind, ...cause });
  },
);
