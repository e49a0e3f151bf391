import { errorCatalog, GatewayError, ReaderGoneError } from '@ccg/kernel';
import type { ErrorCode, ErrorOwner } from '@ccg/kernel';
import { expect, test } from 'vitest';
import { outcomeOf, outcomeOfFailure, outcomes } from './record.ts';

const codes = Object.keys(errorCatalog) as ErrorCode[];

test('the names of outcomes are final: they are stored and alerted on', () => {
  expect(outcomes).toMatchInlineSnapshot(`
    [
      "ok",
      "client_bad_request",
      "client_too_large",
      "client_aborted",
      "client_stalled",
      "policy_unauthenticated",
      "policy_denied_model",
      "policy_suspended",
      "policy_rate_limit",
      "policy_budget",
      "policy_killed",
      "upstream_rate_limited",
      "upstream_overloaded",
      "upstream_error",
      "upstream_credential",
      "upstream_timeout",
      "upstream_truncated",
      "upstream_unreachable",
      "capacity_waiting_room",
      "capacity_memory",
      "capacity_draining",
      "gateway_store_down",
      "gateway_issuer_down",
      "gateway_internal",
    ]
  `);
});

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
