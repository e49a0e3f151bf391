import { expect, test } from 'vitest';
import { GatewayError, toGatewayError } from './gateway-error.ts';

test('takes status, type and advice from the catalog unless told otherwise', () => {
  expect(new GatewayError('credential-invalid', 'x')).toMatchObject({
    status: 401,
    type: 'authentication_error',
    retry: 'never',
    owner: 'tenant-policy',
  });
  const details = { status: 422, type: 'invalid_request_error', retry: 'always', retryAfterSeconds: 3 } as const;
  expect(new GatewayError('upstream-failed', 'x', details)).toMatchObject({ ...details, owner: 'upstream' });
});

test('what was not expected becomes internal and keeps its text from the client', () => {
  const cause = new TypeError('password in here');
  const error = toGatewayError(cause);
  expect([error.code, error.status, error.cause]).toEqual(['internal', 500, cause]);
  expect(error.publicMessage).not.toContain('password');
  expect(toGatewayError(error)).toBe(error);
});
