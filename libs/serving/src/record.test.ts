import { errorCatalog, GatewayError, ReaderGoneError } from '@ccg/kernel';
import type { ErrorCode, ErrorOwner } from '@ccg/kernel';
import { expect, test } from 'vitest';
import { outcomeOf, outcomeOfFailure } from './record.ts';

const codes = Object.keys(errorCatalog) as ErrorCode[];

test.each(codes)('the outcome of %s names the owner of the error', (code) => {
  const prefixes: Record<ErrorOwner, string> = {
    client: 'client_',
    'tenant-policy': 'policy_',
    upstream: 'upstream_',
    capacity: 'capacity_',
    gateway: 'gateway_',
  };
  const error = new GatewayError(code, 'A message.');
  expect(outcomeOf({ kind: 'unsent', error })).toMatch(new RegExp(`^${prefixes[error.owner]}`, 'u'));
  expect(outcomeOf({ kind: 'broken', error })).toBe(outcomeOfFailure(error));
});

test('a client that leaves and one that stalls are told apart', () => {
  expect(outcomeOfFailure(new ReaderGoneError('client-gone'))).toBe('client_aborted');
  expect(outcomeOf({ kind: 'aborted', reason: 'reader-stalled' })).toBe('client_stalled');
});
