import { expect, test } from 'vitest';
import { outcomes } from './outcomes.ts';

test('the names of outcomes are final: they are stored and alerted on', () => {
  expect(outcomes).toMatchInlineSnapshot(`
    [
      "ok",
      "client_bad_request",
      "client_conflict",
      "client_too_large",
      "client_aborted",
      "client_stalled",
      "policy_unauthenticated",
      "policy_denied_model",
      "policy_denied_scope",
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
