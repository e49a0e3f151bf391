import type { GatewayError } from '@ccg/kernel';
import { describe, expect, test } from 'vitest';
import type { PromptSize } from '../translation.ts';
import { readFailure } from './read-failure.ts';
import { tellFailure, unknownSize } from './tell-failure.ts';

interface Told {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly at?: PromptSize;
}

function told(error: unknown, { status = 400, headers = {}, at = unknownSize }: Told = {}): GatewayError {
  const reading = readFailure({ status, headers: Object.entries(headers), body: JSON.stringify({ error }) });
  return tellFailure(reading, { provider: 'acme', model: 'big-1', at });
}

test.each([
  [400, 'Bad field', 'upstream-refused'],
  [403, 'Flagged by moderation', 'upstream-refused'],
  [403, 'Country, region, or territory not supported', 'upstream-credential-rejected'],
  [403, 'Forbidden', 'upstream-credential-rejected'],
  [404, 'The model `x` does not exist', 'model-unknown'],
  [404, 'page not found', 'upstream-failed'],
  [405, 'Use POST', 'upstream-failed'],
  [409, 'Busy with it', 'upstream-failed'],
  [413, 'Too big', 'upstream-refused-size'],
  [400, 'Request payload size exceeds the limit: 20971520 bytes.', 'upstream-refused-size'],
  [400, 'The request body is too large', 'upstream-refused-size'],
  [400, 'The body of the tool exceeds the limit of 5 entries', 'upstream-refused'],
  [415, 'No such images', 'upstream-refused'],
  [422, 'Unprocessable', 'upstream-refused'],
  [402, 'No', 'upstream-account-empty'],
  [429, 'You exceeded your current quota', 'upstream-account-empty'],
  [429, 'Slow down', 'upstream-rate-limited'],
] as const)('%i "%s" is the fault of the right party: %s', (status, message, code) => {
  expect(told({ message }, { status }).code).toBe(code);
});

test('a model that the account may not use is unknown to its client', () => {
  const error = { code: 'model_not_found', message: 'Project `p` does not have access to model `m`' };
  expect(told(error, { status: 403 }).code).toBe('model-unknown');
});

test('what the gateway may not do is told apart from a credential that is refused', () => {
  expect(told({ message: 'No' }, { status: 403 }).publicMessage).toBe(
    'The provider "acme" does not permit this to the gateway\'s account (HTTP 403). Your own key is fine: ask the operators of this gateway to check the permissions of its credential.',
  );
  expect(told({ message: 'No' }, { status: 402 }).publicMessage).toBe(
    'The gateway\'s account at the provider "acme" has no credit left (HTTP 402). Your own key is fine: ask the operators of this gateway to top it up.',
  );
});

const google = (message: string, ...reasons: readonly string[]) => ({
  code: 403,
  message,
  status: 'PERMISSION_DENIED',
  details: reasons.map((reason) => ({ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason })),
});
const onResource =
  "Permission 'aiplatform.endpoints.predict' denied on resource '//aiplatform.googleapis.com/projects/wrong/locations/global/publishers/google/models/gemini-3-pro' (or it may not exist).";

test.each([
  google(onResource, 'IAM_PERMISSION_DENIED'),
  google(onResource),
  google('Permission denied on resource project wrong.', 'CONSUMER_INVALID'),
  google('Caller does not have required permission to use project wrong.', 'USER_PROJECT_DENIED'),
])('a project of Google that the account may not use is named by its setting: $message', (error) => {
  const { code, publicMessage } = told(error, { status: 403 });
  expect([code, publicMessage]).toEqual([
    'upstream-credential-rejected',
    expect.stringMatching(
      /^The provider "acme" does not permit this to the gateway's account in its Google Cloud project \(HTTP 403\)\. Your own key is fine: .*VERTEX_PROJECT/u,
    ),
  ]);
  expect(publicMessage).not.toContain('wrong');
});

test.each([
  google('Vertex AI API has not been used in project 123 before or it is disabled.', 'SERVICE_DISABLED'),
  google('Generative Language API has not been used in project 123 before or it is disabled.'),
  google('Requests to this API generativelanguage.googleapis.com are blocked.', 'API_KEY_SERVICE_BLOCKED'),
])('an API of Google that is not enabled is told as that: $message', (error) => {
  expect(told(error, { status: 403 }).publicMessage).toMatch(
    /an API is not enabled .* \(HTTP 403\)\. Your own key is fine: .* enable the API that the log names .*VERTEX_PROJECT/u,
  );
});

test.each([
  [400, 'Bad field', 400, 'invalid_request_error'],
  [403, 'Flagged by moderation', 403, 'permission_error'],
  [404, 'The model `x` does not exist', 404, 'not_found_error'],
  [404, 'page not found', 400, 'invalid_request_error'],
  [405, 'Use POST', 400, 'invalid_request_error'],
  [408, 'Slow', 504, 'timeout_error'],
  [409, 'Busy with it', 409, 'conflict_error'],
  [413, 'Too big', 413, 'request_too_large'],
  [422, 'Unprocessable', 400, 'invalid_request_error'],
  [429, 'Slow down', 429, 'rate_limit_error'],
  [500, 'Oops', 500, 'api_error'],
  [500, 'The server is overloaded', 529, 'overloaded_error'],
  [502, 'Bad gateway', 500, 'api_error'],
  [503, 'Down', 529, 'overloaded_error'],
  [504, 'Slow', 504, 'timeout_error'],
  [529, 'Overloaded', 529, 'overloaded_error'],
  [302, 'Moved', 502, 'api_error'],
])('%i "%s" is a %i %s', (status, message, ours, type) => {
  const error = told({ message }, { status });
  expect(error).toMatchObject({ status: ours, type, retry: 'default' });
  expect(error.publicMessage).toContain('"acme"');
  expect(error.publicMessage).toContain(message);
});

test('a wait up to a minute is passed on, a longer one ends the retries', () => {
  const slow = { message: 'Slow down' };
  expect(told(slow, { status: 429, headers: { 'retry-after': '60' } })).toMatchObject({
    retryAfterSeconds: 60,
    retry: 'default',
  });
  expect(told(slow, { status: 429, headers: { 'retry-after': '61' } })).toMatchObject({
    retryAfterSeconds: undefined,
    retry: 'never',
  });
  expect(told({ message: 'Down' }, { status: 503, headers: { 'retry-after': '5' } })).toMatchObject({
    retryAfterSeconds: 5,
  });
});

test.each<[unknown, string]>([
  [{ message: 'You exceeded your current quota' }, 'Its quota is used up.'],
  [
    { code: '1113', message: 'Insufficient balance or no resource package. Please recharge.' },
    'recharge. Its quota is used up.',
  ],
  [
    { code: '1308', message: 'Usage limit reached for 5 hour. Your limit will reset at 2026-11-28 07:41:44' },
    'reset at 2026-11-28 07:41:44. Its quota is used up.',
  ],
  [
    { code: '1308', message: '已达到 5 小时的使用上限。您的限额将在 2026-11-28 07:41:44 重置。' },
    '2026-11-28 07:41:44',
  ],
  [
    { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_at: 1795937704 },
    'Its quota is used up. It resets at 2026-11-29T07:35:04Z.',
  ],
  [{ message: 'Rate limit exceeded: free-models-per-day.' }, 'Its quota is used up.'],
])('a quota that is used up is not tried again: %j', (error, words) => {
  const answer = told(error, { status: 429 });
  expect(answer).toMatchObject({ status: 429, type: 'rate_limit_error', retry: 'never' });
  expect(answer.publicMessage).toContain(words);
});

test('an account without credit is the operators’ business, whatever the status, and the text of the server stays out', () => {
  for (const status of [400, 402, 403]) {
    const error = told({ message: 'Insufficient balance of key sk-1' }, { status });
    expect(error).toMatchObject({ code: 'upstream-account-empty', status: 500, retry: 'never' });
    expect(error.publicMessage).not.toContain('sk-1');
  }
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
    ['Invalid request: Your request exceeded model token limit: 131072', 131073, 131072],
    ['Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)', 15028, 7424],
  ])('%s', (message, prompt, window) => {
    expect(told({ message })).toMatchObject({
      code: 'prompt-too-long',
      status: 400,
      type: 'invalid_request_error',
      publicMessage: `prompt is too long: ${prompt} tokens > ${window} maximum`,
    });
  });

  test('with the numbers of the gateway where the text has none', () => {
    const error = { message: 'the input length exceeds the context length' };
    const withEstimate = (estimatedTokens: number) => told(error, { at: { estimatedTokens, windowTokens: 8192 } });
    expect(withEstimate(9000).publicMessage).toBe('prompt is too long: 9000 tokens > 8192 maximum');
    expect(withEstimate(7000).publicMessage).toBe('prompt is too long: 8193 tokens > 8192 maximum');
    expect(told(error).publicMessage).toBe('Prompt is too long');
    expect(told({ message: 'Too big', code: 'context_length_exceeded' }).publicMessage).toBe('Prompt is too long');
  });

  test('more messages than the server takes are a prompt that is too long', () => {
    const message = 'too many messages: 900 messages, exceeding the limit of 500';
    expect(told({ message }, { at: { estimatedTokens: 9, windowTokens: 90 } }).publicMessage).toBe(
      'Prompt is too long',
    );
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
  expect(told({ message })).toMatchObject({ code: 'upstream-refused', status: 400, publicMessage });
});

test.each(['Invalid value for temperature', 'The model does not exist', 'Rate limit reached: 30000 tokens per minute'])(
  'another failure is no overflow: %s',
  (message) => {
    expect(told({ message }).code).not.toBe('prompt-too-long');
  },
);

test('what is refused is named where the server names it apart from its words', () => {
  const error = { code: 'string_above_max_length', param: 'tools[3].function.description', message: 'Too long.' };
  const at = { estimatedTokens: 9000, windowTokens: 8192 };
  expect(told(error, { at })).toMatchObject({
    status: 400,
    type: 'invalid_request_error',
    publicMessage: 'The provider "acme" refused the request: tools[3].function.description: Too long.',
  });
});
