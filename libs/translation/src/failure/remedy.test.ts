import { isJsonObject, readJson } from '@ccg/wire';
import { describe, expect, test } from 'vitest';
import { readRejections } from './rejections.ts';
import type { Rejection } from './rejections.ts';
import { remedyFor } from './remedy.ts';
import type { SentParts } from './remedy.ts';
import { sentMembers } from './sent-members.ts';
import type { UpstreamCause } from './upstream-cause.ts';

const body = {
  model: 'm',
  messages: [
    { role: 'user', content: 'hi' },
    { role: 'assistant', content: null, reasoning_content: 'hm', name: 'a', tool_calls: [{ id: '1', index: 0 }] },
  ],
  tools: [{ type: 'function', function: { name: 'f', strict: true, parameters: { properties: { strict: {} } } } }],
  reasoning_effort: 'xhigh',
  chat_template_kwargs: { enable_thinking: true, clear_thinking: false },
  stream_options: { include_usage: true },
  tool_choice: { type: 'function', function: { name: 'f' } },
  temperature: 0.5,
  max_tokens: 1000,
};
const indispensable = [
  'model',
  'messages',
  'tools',
  'messages[].role',
  'messages[].content',
  'tools[].function',
  'tools[].function.name',
  'tools[].function.parameters',
  'tool_choice.function',
];

function sent(known: readonly Rejection[] = []): SentParts {
  const request = readJson(JSON.stringify(body));
  return {
    members: sentMembers(isJsonObject(request) ? request : {}, new Set(indispensable)),
    forms: new Set(['messages in any order', 'messages of tools', 'forced choice while thinking']),
    counts: new Map([
      ['images', 6],
      ['stop sequences', 2],
    ]),
    hasSchemas: true,
    maxTokens: 1000,
    known: readRejections(known),
  };
}

function learned(cause: UpstreamCause, known: readonly Rejection[] = []): readonly unknown[] {
  const retry = remedyFor(cause, sent(known), unknown);
  return retry.kind === 'changed' ? retry.rejections : [];
}

const unknown = { estimatedTokens: undefined, windowTokens: undefined };

const fields = (...paths: readonly string[]) => paths.map((path): Rejection => ({ kind: 'field', path }));

describe('a field that was rejected is left out', () => {
  test.each([
    ['at the top', 'chat_template_kwargs', ['chat_template_kwargs']],
    ['inside another', 'stream_options.include_usage', ['stream_options.include_usage']],
    ['in a message, by its index', 'messages[1].reasoning_content', ['messages[].reasoning_content']],
    ['in a message, without its place', 'reasoning_content', ['messages[].reasoning_content']],
    ['in a message, with dots', 'messages.1.name', ['messages[].name']],
    ['in a tool', 'tools[0].function.strict', ['tools[].function.strict']],
    ['in a call of a message', 'messages[1].tool_calls[0].index', ['messages[].tool_calls[].index']],
    ['below what was sent', 'temperature.value', ['temperature']],
    ['in the style of another language', 'chatTemplateKwargs', ['chat_template_kwargs']],
    ['below what means nothing alone', 'tool_choice.function', ['tool_choice']],
  ])('%s', (_where, path, expected) => {
    expect(learned({ kind: 'field-rejected', paths: [path] })).toEqual(fields(...expected));
  });

  test.each([
    ['that was not sent', 'parallel_tool_calls'],
    ['that no request does without', 'messages[0].content'],
    ['that is the request itself', 'model'],
    ['of a member that belongs to a tool', 'properties'],
  ])('but not one %s', (_what, path) => {
    expect(learned({ kind: 'field-rejected', paths: [path] })).toEqual([]);
  });

  test('and is no reason to ask again if it was left out before', () => {
    expect(learned({ kind: 'field-rejected', paths: ['temperature', 'temperature'] }, fields('temperature'))).toEqual(
      [],
    );
  });
});

describe('a value that was rejected', () => {
  const rejected = (path: string, allowed: readonly string[] = []): UpstreamCause => ({
    kind: 'value-rejected',
    path,
    value: undefined,
    allowed,
  });

  test.each([
    ['reasoning_effort', 'xhigh'],
    ['temperature', '0.5'],
    ['chat_template_kwargs.enable_thinking', 'true'],
  ])('is remembered as that value of %s', (path, value) => {
    expect(learned(rejected(path, ['low']))).toEqual([{ kind: 'value', path, refused: [value], allowed: ['low'] }]);
  });

  test('is no reason to ask again if nothing else can be sent in its place', () => {
    const known: Rejection = { kind: 'value', path: 'temperature', refused: ['0.5'], allowed: [] };
    expect(remedyFor(rejected('temperature'), sent([known, ...fields('temperature')]), unknown)).toEqual({
      kind: 'none',
    });
  });

  test('of a field without a value that could be remembered is left out of this request alone', () => {
    const cause = rejected('messages[1].name');
    expect(remedyFor(cause, sent(), unknown)).toEqual({
      kind: 'changed',
      rejections: fields('messages[].name'),
      isLearned: false,
    });
  });
});

test.each([
  ['more than the server takes', 4, [{ kind: 'capacity', what: 'images', maximum: 4 }]],
  ['none at all', 0, [{ kind: 'capacity', what: 'images', maximum: 0 }]],
  ['a number that was kept to', 6, []],
  ['no number', undefined, []],
] as const)('images: %s', (_what, maximum, expected) => {
  expect(learned({ kind: 'count-exceeded', what: 'images', maximum })).toEqual(expected);
});

test.each(['tools', 'messages', 'audios'] as const)('%s cannot be left out silently', (what) => {
  expect(remedyFor({ kind: 'count-exceeded', what, maximum: 1 }, sent(), unknown)).toEqual({ kind: 'none' });
});

test('schemas become plainer step by step, and that comes to an end', () => {
  const known: Rejection[] = [];
  const steps: unknown[] = [];
  for (let round = 0; round < 5; round += 1) {
    const retry = remedyFor({ kind: 'schema-rejected', keyword: 'pattern', path: undefined }, sent(known), unknown);
    if (retry.kind !== 'changed') break;
    known.push(...retry.rejections);
    steps.push(...retry.rejections.map((rejection) => (rejection.kind === 'schema' ? rejection.without : rejection)));
  }
  expect(steps).toEqual([{ keyword: 'pattern' }, 'constraints', 'all but the plainest']);
});

test.each([
  ['tools[0].function.parameters.properties.path.format', { keyword: 'format' }],
  ['tools[0].function.parameters.properties.path.type', 'constraints'],
  ['tools[0].input_schema.properties.path.minLength', { keyword: 'minLength' }],
])('a path into a schema names its keyword: %s', (path, without) => {
  expect(learned({ kind: 'field-rejected', paths: [path] })).toEqual([{ kind: 'schema', without }]);
});

describe('a form that was rejected', () => {
  const form = (name: Extract<UpstreamCause, { kind: 'form-rejected' }>['form']): UpstreamCause => ({
    kind: 'form-rejected',
    form: name,
  });

  test('is replaced by its other one', () => {
    expect(learned(form('messages in any order'))).toEqual([{ kind: 'form', form: 'messages in any order' }]);
    expect(learned(form('calls without tools'))).toEqual([]);
    expect(learned(form('system messages between turns'))).toEqual([]);
    const sending: SentParts = { ...sent(), forms: new Set(['system messages', 'system messages between turns']) };
    expect(remedyFor(form('system messages between turns'), sending, unknown)).toMatchObject({
      rejections: [{ kind: 'form', form: 'system messages between turns' }],
      isLearned: true,
    });
  });

  test('of a forced choice: without thinking, and without this choice where that is known not to help', () => {
    const cause = form('forced choice while thinking');
    expect(learned(cause)).toEqual([{ kind: 'form', form: 'forced choice while thinking' }]);
    const choice = JSON.stringify(body.tool_choice);
    const calm: SentParts = { ...sent(), forms: new Set() };
    expect(remedyFor(cause, calm, unknown)).toEqual({
      kind: 'changed',
      rejections: [{ kind: 'value', path: 'tool_choice', refused: [choice], allowed: [] }],
      isLearned: true,
    });
  });

  test('of thinking: the amounts that were asked for, and no others', () => {
    expect(learned(form('thinking'))).toEqual([
      { kind: 'value', path: 'reasoning_effort', refused: ['xhigh'], allowed: [] },
      {
        kind: 'value',
        path: 'chat_template_kwargs',
        refused: ['{"enable_thinking":true,"clear_thinking":false}'],
        allowed: [],
      },
    ]);
  });
});

test.each<UpstreamCause>([
  { kind: 'credential' },
  { kind: 'account-empty', resetsAt: undefined },
  { kind: 'rate-limited', retryAfterSeconds: 1 },
  { kind: 'broken', retryAfterSeconds: undefined },
])('nothing is changed after a failure of another kind: $kind', (cause) => {
  expect(remedyFor(cause, sent(), unknown)).toEqual({ kind: 'none' });
});
