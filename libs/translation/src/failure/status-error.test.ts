import { expect, test } from 'vitest';
import { isCredentialRejection, statusError } from './status-error.ts';
import { readErrorBody, readErrorValue } from './error-report.ts';

function told(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
  const report = readErrorBody(JSON.stringify({ error: { message } }));
  return statusError({ status, headers: Object.entries(headers), report, provider: 'acme' });
}

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
  const error = told(status, message);
  expect(error).toMatchObject({ status: ours, type, retry: 'default' });
  expect(error.publicMessage).toContain('"acme"');
  expect(error.publicMessage).toContain(message);
});

test('a wait up to a minute is passed on, a longer one ends the retries', () => {
  expect(told(429, 'Slow down', { 'retry-after': '60' })).toMatchObject({ retryAfterSeconds: 60, retry: 'default' });
  expect(told(429, 'Slow down', { 'retry-after': '61' })).toMatchObject({
    retryAfterSeconds: undefined,
    retry: 'never',
  });
  expect(told(503, 'Down', { 'retry-after': '5' })).toMatchObject({ retryAfterSeconds: 5 });
});

test('a quota that is used up is not tried again', () => {
  expect(told(429, 'You exceeded your current quota')).toMatchObject({ status: 429, retry: 'never' });
});

test.each([
  [{ detail: 'Not Found' }, 'Not Found'],
  [{ detail: [{ loc: ['body', 'messages', 0], msg: 'field required' }] }, 'body.messages.0: field required'],
  [{ title: 'Gone', status: 410 }, 'Gone'],
  [{ error: 'model "x" not found' }, 'model "x" not found'],
  [[{ error: { message: 'wrapped' } }], 'wrapped'],
  [{ message: 'plain' }, 'plain'],
  [
    { error: { message: 'Provider returned error', metadata: { provider_name: 'Acme', raw: '{"error":"busy"}' } } },
    'Provider returned error: Acme: busy',
  ],
  [{ error: { message: '<html><body>502</body></html>' } }, undefined],
  [{}, undefined],
])('the message of %j is found', (body, message) => {
  expect(readErrorBody(JSON.stringify(body)).message).toBe(message);
});

test('text that is no JSON is the message, unless it is a page', () => {
  expect(readErrorBody('404 page not found').message).toBe('404 page not found');
  expect(readErrorBody('<!DOCTYPE html>\n<title>x</title>').message).toBeUndefined();
  expect(readErrorBody('')).toMatchObject({ message: undefined });
});

test.each([
  [401, '', true],
  [402, '', true],
  [403, 'Authorization failed', true],
  [403, 'Your API key does not have permission', true],
  [403, 'Country, region, or territory not supported', false],
  [400, 'Missing API key in tool', false],
])('%i "%s" refuses the credential: %s', (status, message, expected) => {
  expect(isCredentialRejection(status, readErrorValue({ error: { message } }))).toBe(expected);
});
