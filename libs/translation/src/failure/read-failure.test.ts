import { describe, expect, test } from 'vitest';
import { readFailure } from './read-failure.ts';

function read(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readFailure({ status, headers: Object.entries(headers), body: text });
}

const python = `{'error': {'message': "Unsupported parameter: 'top_k' is not supported", 'param': 'top_k', 'code': 'unsupported_parameter', 'ok': None}}`;
const fault = { type: 'extra_forbidden', loc: ['body', 'messages', 1, 'assistant', 'name'], msg: 'Not permitted' };
const coded = { message: 'No.', param: 'messages.1.name', code: 'unknown_parameter' };

test.each<[string, unknown, string]>([
  ['at the top', coded, 'messages[1].name'],
  ['in `error`', { error: coded }, 'messages[1].name'],
  ['in `error.error`', { error: { error: coded } }, 'messages[1].name'],
  ['in a list', [{ error: coded }], 'messages[1].name'],
  ['in a list of lists', { detail: [[fault]] }, 'messages[1].name'],
  ['in `detail`', { detail: [fault] }, 'messages[1].name'],
  ['in `message.detail`', { object: 'error', message: { detail: [fault] } }, 'messages[1].name'],
  ['in `errors`', { errors: [{ field: 'top_k', code: 'unknown_field' }] }, 'top_k'],
  ['in `body`', { status: 400, body: { error: coded } }, 'messages[1].name'],
  [
    'in `metadata.raw`',
    { error: { message: 'x', metadata: { raw: JSON.stringify({ error: coded }) } } },
    'messages[1].name',
  ],
  ['in a string of JSON', { message: JSON.stringify({ detail: [fault] }) }, 'messages[1].name'],
  [
    'in a string of JSON in a string of JSON',
    { message: JSON.stringify({ error: JSON.stringify({ error: coded }) }) },
    'messages[1].name',
  ],
  ['behind words', { error: { message: `OpenAIException - ${JSON.stringify({ error: coded })}` } }, 'messages[1].name'],
  ['as Python prints it', `Error code: 400 - ${python}`, 'top_k'],
  [
    'in a document that was cut off',
    JSON.stringify({ error: { ...coded, more: 'x'.repeat(20) } }).slice(0, -8),
    'messages[1].name',
  ],
  ['in an event of a stream', `event: error\ndata: ${JSON.stringify({ error: coded })}\n\n`, 'messages[1].name'],
  [
    'by a validator that lists keys',
    { issues: [{ code: 'unrecognized_keys', keys: ['store'], path: ['messages', 0] }] },
    'messages[0].store',
  ],
  [
    'by a pointer',
    { errors: [{ code: 'additionalProperties', instancePath: '/messages/1/name' }] },
    'messages[1].name',
  ],
])('a member that is refused is found %s', (_, body, path) => {
  expect(read(400, body).cause).toEqual({ kind: 'field-rejected', paths: [path] });
});

test('a request that a server sends back says nothing', () => {
  const request = { model: 'm', messages: [{ role: 'user', content: "Unknown parameter: 'stop'." }] };
  expect(read(400, { error: { message: 'Refused' }, request }).cause).toMatchObject({ kind: 'refused' });
  expect(
    read(400, { detail: [{ loc: ['body', 'x'], msg: 'Bad', input: 'prompt is too long: 5 tokens > 4 maximum' }] }).cause
      .kind,
  ).toBe('refused');
});

describe('lengths', () => {
  test.each<[number, unknown, object]>([
    [
      400,
      { error: { code: 400, n_prompt_tokens: 5000, n_ctx: 4096, type: 'exceed_context_size_error' } },
      { promptTokens: 5000, windowTokens: 4096 },
    ],
    [
      400,
      { code: 'context_length_exceeded', details: { input_tokens: 9000, max_input_tokens: 8000 } },
      { promptTokens: 9000, windowTokens: 8000 },
    ],
    [
      500,
      { error: { message: 'Context size has been exceeded.' } },
      { promptTokens: undefined, windowTokens: undefined },
    ],
    [502, { error: { message: 'upstream: 400 {"error":{"message":"prompt is too long: 9 tokens > 8 maximum"}}' } }, {}],
    [400, { error: { code: '1261', message: '输入超长' } }, {}],
    [
      402,
      { error: { message: 'Prompt tokens limit exceeded: 230799 > 91442. To increase, visit', code: 402 } },
      { promptTokens: 230799, windowTokens: 91442, limitOf: 'account' },
    ],
    [400, { error: { code: 'string_above_max_length', param: 'messages[7].content' } }, {}],
  ])('%i %j is about the prompt', (status, body, cause) => {
    expect(read(status, body).cause).toMatchObject({ kind: 'overflow', ...cause });
  });

  test.each<[number, unknown, object]>([
    [
      422,
      {
        detail: [
          {
            loc: ['body', 'max_tokens'],
            type: 'less_than_equal',
            ctx: { le: 8192 },
            input: 32000,
            msg: 'Input should be less than or equal to 8192',
          },
        ],
      },
      { askedTokens: 32000, modelMaximum: 8192 },
    ],
    [
      422,
      { detail: [{ loc: ['body', 'max_completion_tokens'], type: 'less_than', ctx: { lt: 8193 } }] },
      { modelMaximum: 8192 },
    ],
    [
      400,
      {
        error: {
          param: 'max_tokens',
          code: 'integer_above_max_value',
          message: 'Expected a value <= 4096, but got 32000 instead.',
        },
      },
      { modelMaximum: 4096 },
    ],
    [
      500,
      { error: { message: 'max_tokens (131072) cannot exceed 65536.' } },
      { modelMaximum: 65536, possibleTokens: 65536 },
    ],
    [400, { error: { message: 'maxOutputTokens should be in the range [1, 8192]' } }, { modelMaximum: 8192 }],
    [
      402,
      { error: { message: 'You requested up to 32000 tokens, but can only afford 27342.' } },
      { possibleTokens: 27342, modelMaximum: undefined, limitOf: 'account' },
    ],
    [
      413,
      { error: { message: 'Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 6294' } },
      { totalTokens: 6294, windowTokens: 6000, limitOf: 'account' },
    ],
    [
      400,
      { error: { message: 'input length and `max_tokens` exceed context limit: 190000 + 32000 > 204658' } },
      { promptTokens: 190000, windowTokens: 204658, possibleTokens: 14658 },
    ],
  ])('%i %j is about the answer', (status, body, cause) => {
    expect(read(status, body).cause).toMatchObject({ kind: 'answer-too-long', ...cause });
  });

  test.each([
    ['tools[3].function.description', { code: 'string_above_max_length', param: 'tools[3].function.description' }],
    [
      'tools[0].function.name',
      {
        message:
          "Invalid 'tools[0].function.name': string too long. Expected a string with maximum length 64, but got a string with length 70 instead.",
      },
    ],
    [
      'metadata.user_id',
      {
        type: 'string_too_long',
        loc: ['body', 'metadata', 'user_id'],
        msg: 'String should have at most 64 characters',
      },
    ],
    ['messages[0].name', { code: 'string_above_max_length', param: 'messages[0].name' }],
    ['messages[2].tool_calls[0].id', { code: 'string_above_max_length', param: 'messages[2].tool_calls[0].id' }],
    ['stop[0]', { code: 'string_above_max_length', param: 'stop[0]' }],
  ])('a text of %s that is too long is no prompt that is too long', (path, error) => {
    expect(read(400, { error }).cause).toEqual({ kind: 'refused', path });
  });
});

test.each<[number, unknown, Readonly<Record<string, string>>, object]>([
  [401, { error: 'no' }, {}, { kind: 'credential' }],
  [403, { error: { message: 'Authorization failed' } }, {}, { kind: 'credential' }],
  [403, { error: { message: 'Your API key does not have permission' } }, {}, { kind: 'credential' }],
  [403, { error: { code: 'invalid_api_key' } }, {}, { kind: 'credential' }],
  [403, { error: { message: 'Country, region, or territory not supported' } }, {}, { kind: 'credential' }],
  [400, { error: { message: 'Missing API key in tool' } }, {}, { kind: 'refused' }],
  [402, { error: { message: '' } }, {}, { kind: 'account-empty', resetsAt: undefined }],
  [429, { error: { code: 'insufficient_quota' } }, {}, { kind: 'account-empty' }],
  [403, { error: { message: '余额不足', code: 'x' } }, {}, { kind: 'account-empty' }],
  [400, { error: { code: 'Arrearage', message: 'Access denied.' } }, {}, { kind: 'account-empty' }],
  [
    429,
    { error: { type: 'usage_limit_reached', resets_at: 1795937704 } },
    {},
    { kind: 'account-empty', resetsAt: '2026-11-29T07:35:04Z' },
  ],
  [
    429,
    { error: { code: '1310', message: 'Weekly limit. It will reset at 2026-12-01 00:00:00' } },
    {},
    { kind: 'account-empty', resetsAt: '2026-12-01 00:00:00' },
  ],
  [
    429,
    [
      {
        error: {
          code: 429,
          status: 'RESOURCE_EXHAUSTED',
          details: [{ violations: [{ quotaId: 'GenerateRequestsPerDayPerProject' }] }],
        },
      },
    ],
    {},
    { kind: 'account-empty' },
  ],
  [
    429,
    [
      {
        error: {
          code: 429,
          message: 'You exceeded your current quota. Please retry in 34.4s.',
          details: [{ retryDelay: '34s' }],
        },
      },
    ],
    {},
    { kind: 'rate-limited', retryAfterSeconds: 34 },
  ],
  [
    429,
    { error: { code: '1302', message: 'Rate limit reached for requests' } },
    {},
    { kind: 'rate-limited', retryAfterSeconds: undefined },
  ],
  [
    429,
    { error: { message: 'Too many tokens per minute. Please try again in 1m2.5s.' } },
    {},
    { kind: 'rate-limited', retryAfterSeconds: 63 },
  ],
  [
    429,
    { error: { message: '请求频率超过限制，请 30 秒后重试' } },
    {},
    { kind: 'rate-limited', retryAfterSeconds: 30 },
  ],
  [429, { error: { message: 'Slow down' } }, { 'retry-after': '7' }, { kind: 'rate-limited', retryAfterSeconds: 7 }],
  [
    429,
    { error: { message: 'x', metadata: { headers: { 'Retry-After': 9 } } } },
    {},
    { kind: 'rate-limited', retryAfterSeconds: 9 },
  ],
  [503, { error: { message: 'Loading model' } }, { 'retry-after': '5' }, { kind: 'overloaded', retryAfterSeconds: 5 }],
  [500, { error: { message: 'The server is overloaded' } }, {}, { kind: 'overloaded' }],
  [504, 'upstream request timeout', {}, { kind: 'timed-out' }],
  [500, { error: { message: 'Oops' } }, {}, { kind: 'broken' }],
  [502, '<html><title>502</title></html>', {}, { kind: 'broken' }],
  [404, { error: { message: 'The model `m` does not exist.' } }, {}, { kind: 'model-unknown' }],
  [400, { error: { code: '1211', message: '模型不存在' } }, {}, { kind: 'model-unknown' }],
  [404, { detail: 'Not Found' }, {}, { kind: 'refused' }],
  [498, { error: { message: 'Flex tier capacity exceeded', code: 'capacity_exceeded' } }, {}, { kind: 'overloaded' }],
  [424, { error: 'Request failed during generation: Server error', error_type: 'generation' }, {}, { kind: 'broken' }],
  [451, { error: { message: 'Not available here' } }, {}, { kind: 'refused' }],
])('%i %j %j', (status, body, headers, cause) => {
  expect(read(status, body, headers).cause).toMatchObject(cause);
});

test.each<[unknown, number, string]>([
  [{ error: { code: 429, message: 'x' } }, 429, 'rate-limited'],
  [{ error: { type: 'overloaded_error' } }, 529, 'overloaded'],
  [{ error: { message: 'Rate limit exceeded' } }, 429, 'rate-limited'],
  [{ error: { type: 'authentication_error' } }, 401, 'credential'],
  [{ error: { type: 'invalid_request_error', message: 'Bad' } }, 400, 'refused'],
  [{ error: { code: 'context_length_exceeded' } }, 400, 'overflow'],
  [
    { base_resp: { status_code: 2013, status_msg: 'invalid params, context window exceeds limit (2013)' } },
    500,
    'overflow',
  ],
  [{ error: 'Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)' }, 500, 'overflow'],
  [{ error: 'something broke' }, 500, 'broken'],
  [{ error: 'Insufficient Balance' }, 429, 'account-empty'],
  [{ base_resp: { status_code: 1008, status_msg: 'insufficient balance' } }, 429, 'account-empty'],
])('a failure inside an answer has the status that it names: %j', (body, status, kind) => {
  expect(read(200, body)).toMatchObject({ status, cause: { kind } });
});

test.each<[unknown, string | undefined]>([
  [{ detail: 'Not Found' }, 'Not Found'],
  [{ detail: [{ loc: ['body', 'messages', 0], msg: 'field required' }] }, 'body.messages.0: field required'],
  [{ title: 'Gone', status: 410 }, 'Gone'],
  [{ error: 'model "x" not found' }, 'model "x" not found'],
  [[{ error: { message: 'wrapped' } }], 'wrapped'],
  [{ message: 'plain' }, 'plain'],
  [{ message: { detail: [fault] } }, 'body.messages.1.assistant.name: Not permitted'],
  [{ message: JSON.stringify({ error: { message: 'inner' } }) }, 'inner'],
  [
    { error: { message: 'Param Incorrect', param: 'the model is text-only' } },
    'Param Incorrect: the model is text-only',
  ],
  [{ base_resp: { status_code: 1004, status_msg: 'login fail' } }, 'login fail'],
  [
    { error: { message: 'Provider returned error', metadata: { provider_name: 'Acme', raw: '{"error":"busy"}' } } },
    'Provider returned error: Acme: busy',
  ],
  [{ error: { message: '<html><body>502</body></html>' } }, undefined],
  [{}, undefined],
  ['404 page not found', '404 page not found'],
  ['<!DOCTYPE html>\n<title>x</title>', undefined],
  ['', undefined],
])('the message of %j is found', (body, message) => {
  expect(read(400, body).message).toBe(message);
});

test('a body of any size and depth is read', () => {
  const deep = '{"error":'.repeat(10_000);
  const wide = JSON.stringify({ detail: Array.from({ length: 5000 }, () => fault) });
  expect(read(400, deep).cause.kind).toBe('refused');
  expect(read(400, wide).cause.kind).toBe('field-rejected');
});
