import { expect, test } from 'vitest';
import { readFailure } from './read-failure.ts';
import type { UpstreamCause } from './upstream-cause.ts';

type Case = readonly [kind: UpstreamCause['kind'], status: number, body: unknown, cause: object];

const m = (message: string) => ({ error: { message } });

/** Values that are named as a plain list or as a range, and members without a word for what is wrong with them. */
const cases: readonly Case[] = [
  ...[
    'reasoning_effort must be low, medium, or high',
    "reasoning_effort can be 'low' or 'medium' or 'high'",
    'reasoning_effort only supports low/medium/high',
    'expected reasoning_effort to be one of low,medium,high but got xhigh',
    'Bad value for reasoning_effort (xhigh). Allowed: low | medium | high',
    'reasoning_effort: xhigh is not allowed. Use low, medium or high.',
    'Value xhigh for reasoning_effort is invalid. Accepts: [low, medium, high]',
    "`reasoning_effort` should be in ['low', 'medium', 'high'], got 'xhigh'",
    'effort level xhigh unknown; choose among low, medium, high',
    'unknown reasoning effort: xhigh (expected low, medium, high)',
    'reasoning_effort 取值必须为 low/medium/high 之一',
    'reasoning_effort 只支持 low、medium、high',
    "Input should be 'low', 'medium' or 'high'",
  ].map((words): Case => [
    'value-rejected',
    400,
    m(words),
    { path: 'reasoning_effort', allowed: ['low', 'medium', 'high'] },
  ]),
  [
    'value-rejected',
    400,
    m('max value for reasoning_effort is high'),
    { path: 'reasoning_effort', allowed: ['none', 'minimal', 'low', 'medium', 'high'] },
  ],
  [
    'value-rejected',
    400,
    m('Thinking level HIGH is not supported for this model. Supported levels: LOW, MEDIUM.'),
    { allowed: ['LOW', 'MEDIUM'] },
  ],
  ['field-rejected', 400, m('Parameter reasoning_effort is not supported'), { paths: ['reasoning_effort'] }],
  ...(
    [
      ['temperature max is 0.9', 0.9, false],
      ['temperature out of range (0,0.9)', 0.9, true],
      ['temperature must be strictly between 0 and 0.9', 0.9, true],
      ['temperature greater than 0.9 not allowed', 0.9, false],
      [
        'Unable to submit request because it has a temperature value of 1 but the supported range is from 0 (inclusive) to 0.9 (exclusive).',
        0.9,
        true,
      ],
    ] as const
  ).map(([words, maximum, isOpenAbove]): Case => [
    'value-rejected',
    400,
    m(words),
    { path: 'temperature', range: { maximum, isOpenAbove } },
  ]),
  [
    'field-rejected',
    400,
    m('top_p and temperature are mutually exclusive'),
    { paths: ['top_p'], when: ['with temperature'] },
  ],
  [
    'field-rejected',
    400,
    m('temperature and top_p must not be given at once'),
    { paths: ['top_p'], when: ['with temperature'] },
  ],
  ...[
    m('Invalid field(s): stream_options'),
    m("Parameter 'stream_options' cannot be used with this model"),
    m('The field stream_options was unexpected'),
    m('Could not find field stream_options'),
    { error: { inner: { error: { parameter: 'stream_options', message: 'Unsupported parameter' } } } },
  ].map((body): Case => ['field-rejected', 400, body, { paths: ['stream_options'] }]),
  ...[
    m('参数 stream_options 无效'),
    { error: { errors: [{ location: 'stream_options', reason: 'invalidParameter', message: 'Invalid parameter' }] } },
  ].map((body): Case => ['value-rejected', 400, body, { path: 'stream_options' }]),
  ...[
    'Thinking mode cannot be combined with a forced tool',
    'When thinking is enabled tool_choice may only be auto or none',
    'enable_thinking=true时不支持tool_choice指定函数',
    'Disable thinking to use tool_choice',
  ].map((words): Case => ['form-rejected', 400, m(words), { form: 'forced choice while thinking' }]),
];

test.each(cases.map(([kind, status, body, cause]) => ({ kind, status, body: JSON.stringify(body), cause })))(
  '$status $body is $kind',
  ({ kind, status, body, cause }) => {
    expect(readFailure({ status, headers: [], body }).cause).toMatchObject({ kind, ...cause });
  },
);
