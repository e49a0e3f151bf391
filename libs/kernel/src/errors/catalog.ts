/** The error types of the Anthropic API (`error.type` in its envelope). */
export type AnthropicErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'billing_error'
  | 'permission_error'
  | 'not_found_error'
  | 'conflict_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'timeout_error'
  | 'overloaded_error'
  | 'not_supported'
  | 'api_error';

/** Whose failure it is. */
export type ErrorOwner = 'client' | 'tenant-policy' | 'upstream' | 'capacity' | 'gateway';

/**
 * What the client is told about trying again, as `x-should-retry`: `never` and `always` are said aloud,
 * `default` leaves the header out and the decision to the status.
 */
export type RetryAdvice = 'never' | 'always' | 'default';

interface CatalogEntry {
  readonly status: number;
  readonly type: AnthropicErrorType;
  readonly owner: ErrorOwner;
  readonly retry: RetryAdvice;
}

/**
 * Every way a request can fail, once. Claude Code retries a 401 for three minutes unless told not to, and
 * never retries what `x-should-retry: false` forbids, so the advice is part of the entry.
 */
export const errorCatalog = {
  'credential-missing': entry(401, 'authentication_error', 'tenant-policy', 'never'),
  'credential-invalid': entry(401, 'authentication_error', 'tenant-policy', 'never'),
  'credential-ambiguous': entry(401, 'authentication_error', 'tenant-policy', 'never'),
  'credential-unsupported': entry(401, 'authentication_error', 'tenant-policy', 'never'),
  suspended: entry(403, 'permission_error', 'tenant-policy', 'never'),
  'scope-missing': entry(403, 'permission_error', 'tenant-policy', 'never'),
  'beyond-actor': entry(403, 'permission_error', 'tenant-policy', 'never'),
  'model-denied': entry(403, 'permission_error', 'tenant-policy', 'never'),
  'session-killed': entry(403, 'permission_error', 'tenant-policy', 'never'),
  'request-invalid': entry(400, 'invalid_request_error', 'client', 'default'),
  'encoding-invalid': entry(400, 'invalid_request_error', 'client', 'default'),
  'prompt-too-long': entry(400, 'invalid_request_error', 'client', 'default'),
  'unsupported-media-type': entry(415, 'invalid_request_error', 'client', 'default'),
  'request-too-large': entry(413, 'request_too_large', 'client', 'default'),
  'headers-too-large': entry(431, 'invalid_request_error', 'client', 'default'),
  'http-invalid': entry(400, 'invalid_request_error', 'client', 'default'),
  'request-timeout': entry(408, 'timeout_error', 'client', 'default'),
  'path-unknown': entry(404, 'not_found_error', 'client', 'default'),
  'provider-unknown': entry(404, 'not_found_error', 'client', 'default'),
  'model-unknown': entry(404, 'not_found_error', 'client', 'default'),
  'method-not-allowed': entry(405, 'invalid_request_error', 'client', 'default'),
  'rate-limited': entry(429, 'rate_limit_error', 'tenant-policy', 'default'),
  'budget-exceeded': entry(429, 'billing_error', 'tenant-policy', 'never'),
  'budget-unreadable': entry(429, 'billing_error', 'gateway', 'never'),
  'limit-unreadable': entry(503, 'api_error', 'gateway', 'default'),
  'store-unavailable': entry(503, 'api_error', 'gateway', 'default'),
  'issuer-unavailable': entry(503, 'api_error', 'gateway', 'default'),
  'body-memory-full': entry(529, 'overloaded_error', 'capacity', 'default'),
  'too-many-running': entry(429, 'rate_limit_error', 'tenant-policy', 'default'),
  'waiting-room-full': entry(429, 'rate_limit_error', 'capacity', 'default'),
  'wait-over': entry(429, 'rate_limit_error', 'capacity', 'default'),
  draining: entry(503, 'overloaded_error', 'capacity', 'default'),
  internal: entry(500, 'api_error', 'gateway', 'default'),
  // Of the admin API: a field, an id, and what others have already or do just now.
  invalid: entry(400, 'invalid_request_error', 'client', 'default'),
  unknown: entry(404, 'not_found_error', 'client', 'default'),
  taken: entry(409, 'conflict_error', 'client', 'never'),
  'file-owned': entry(409, 'conflict_error', 'client', 'never'),
  'not-rotatable': entry(409, 'conflict_error', 'client', 'never'),
  'idempotency-mismatch': entry(409, 'conflict_error', 'client', 'never'),
  'idempotency-in-progress': entry(409, 'conflict_error', 'client', 'always'),
  'apply-in-progress': entry(409, 'conflict_error', 'client', 'always'),
  'file-invalid': entry(409, 'conflict_error', 'client', 'never'),
  // Of batches.
  'batch-unknown': entry(404, 'not_found_error', 'client', 'default'),
  'batch-not-ended': entry(400, 'invalid_request_error', 'client', 'default'),
  'batch-files-unavailable': entry(503, 'api_error', 'gateway', 'default'),
  'batches-off': entry(501, 'not_supported', 'client', 'never'),
  // The provider refused what the client sent. Its failures of any other kind are its own.
  'upstream-refused': entry(400, 'invalid_request_error', 'client', 'default'),
  'upstream-refused-size': entry(413, 'request_too_large', 'client', 'default'),
  'upstream-credential-rejected': entry(500, 'api_error', 'upstream', 'never'),
  'upstream-account-empty': entry(500, 'api_error', 'upstream', 'never'),
  'upstream-rate-limited': entry(429, 'rate_limit_error', 'upstream', 'default'),
  'upstream-overloaded': entry(529, 'overloaded_error', 'upstream', 'default'),
  'upstream-failed': entry(500, 'api_error', 'upstream', 'default'),
  'upstream-unreachable': entry(502, 'api_error', 'upstream', 'default'),
  'upstream-timeout': entry(504, 'timeout_error', 'upstream', 'default'),
  'upstream-malformed': entry(502, 'api_error', 'upstream', 'default'),
  'upstream-truncated': entry(502, 'api_error', 'upstream', 'default'),
} as const satisfies Record<string, CatalogEntry>;

export type ErrorCode = keyof typeof errorCatalog;

function entry(status: number, type: AnthropicErrorType, owner: ErrorOwner, retry: RetryAdvice): CatalogEntry {
  return { status, type, owner, retry };
}
