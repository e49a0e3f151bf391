import type { Outcome } from './outcomes.ts';

/** Who can do something about an outcome. */
type OutcomeOwner = 'nobody' | 'developer' | 'tenant administrator' | 'provider' | 'operator';

interface OutcomeFacts {
  readonly owner: OutcomeOwner;
  /** Of the log line. Operators can act on `warn` and `error`; what clients do and policies refuse is routine. */
  readonly level: 'info' | 'warn' | 'error';
  /** What happened, for the documentation. */
  readonly text: string;
}

/** What log, metrics and documentation say of each outcome: a new one does not compile without. */
export const outcomeFacts: Readonly<Record<Outcome, OutcomeFacts>> = {
  ok: routine('nobody', 'The whole answer was written.'),
  client_bad_request: routine('developer', 'The request is not valid here, or the provider refused what is in it.'),
  client_conflict: routine('developer', 'The admin API: what is asked for clashes with what is there.'),
  client_too_large: routine('developer', 'The body, its headers or the prompt are larger than allowed.'),
  client_aborted: routine('developer', 'The client left before the end of its answer.'),
  client_stalled: routine('developer', 'The client neither sent nor took anything for too long.'),
  policy_unauthenticated: routine('developer', 'There is no credential, or none that is valid.'),
  policy_denied_model: routine('tenant administrator', 'A policy does not allow the model.'),
  policy_denied_scope: routine('tenant administrator', 'The credential lacks the scope.'),
  policy_suspended: routine('tenant administrator', 'The tenant or the user is suspended.'),
  policy_rate_limit: routine('tenant administrator', 'A limit on rates or concurrency refused.'),
  policy_budget: routine('tenant administrator', 'A budget is used up.'),
  policy_killed: routine('tenant administrator', 'An administrator ended the session.'),
  upstream_rate_limited: failure('provider', 'The provider limits our account.'),
  upstream_overloaded: failure('provider', 'The provider is overloaded.'),
  upstream_error: failure('provider', 'The provider failed, or its answer cannot be understood.'),
  upstream_credential: alarm('The provider refused the credential of the gateway, or the account has no credit.'),
  upstream_timeout: failure('provider', 'The provider kept silent for too long.'),
  upstream_truncated: failure('provider', 'The answer of the provider broke off.'),
  upstream_unreachable: failure('provider', 'No connection to the provider could be opened.'),
  capacity_waiting_room: failure('operator', 'Too many requests wait already, or one waited too long.'),
  capacity_memory: failure('operator', 'Request bodies take all the memory that they may.'),
  capacity_draining: failure('operator', 'The replica stopped before the answer had ended.'),
  gateway_store_down: failure('operator', 'Redis does not answer, and without it nobody could decide.'),
  gateway_issuer_down: failure('operator', 'The keys of an issuer of tokens could not be loaded.'),
  gateway_internal: alarm('A fault of the gateway. Its log line has the error.'),
};

function routine(owner: OutcomeOwner, text: string): OutcomeFacts {
  return { owner, level: 'info', text };
}

function failure(owner: OutcomeOwner, text: string): OutcomeFacts {
  return { owner, level: 'warn', text };
}

function alarm(text: string): OutcomeFacts {
  return { owner: 'operator', level: 'error', text };
}
