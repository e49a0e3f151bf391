import { expect, test } from 'vitest';
import { callErrorToGatewayError, UpstreamCallError } from './call-error.ts';

test.each([
  ['first-byte-timeout', 'The provider "p" did not begin to answer within 600 s. Try again.'],
  ['idle-timeout', 'The provider "p" sent nothing for 600 s, and its answer is not complete. Try again.'],
] as const)('a %s is told with the time that was waited', (kind, publicMessage) => {
  const error = callErrorToGatewayError(new UpstreamCallError(kind, undefined, 600_000), 'p');
  expect(error).toMatchObject({ publicMessage, code: 'upstream-timeout', status: 504 });
});

test('a refused address is told as a fault of the configuration that no retry helps', () => {
  const error = callErrorToGatewayError(new UpstreamCallError('refused-address'), 'p');
  expect(error).toMatchObject({ status: 500, type: 'api_error', retry: 'never', owner: 'upstream' });
  expect(error.publicMessage).toContain('The provider "p" resolves to a link-local address');
});
