export { importApiKey } from './api-key/import.ts';
export { issueApiKey } from './api-key/issue.ts';
export { revokeApiKey } from './api-key/revoke.ts';
export type { ApiKeyDependencies, NewApiKey, StoredApiKey } from './api-key/api-key-record.ts';
export { createApiKeyVerifier } from './api-key/verify.ts';
export type { ApiKeyVerifier, ApiKeyVerifierOptions, Verification } from './api-key/verify.ts';
export { auditActor } from './audit/audit-entry.ts';
export type { AuditAction, AuditActor, AuditEntry } from './audit/audit-entry.ts';
export { generateApiKey } from './credentials/api-key-format.ts';
export type { RandomBytes } from './credentials/api-key-format.ts';
export { readCredential } from './credentials/read-credential.ts';
export type { Credential, CredentialHeaders } from './credentials/read-credential.ts';
export { ensurePepper } from './pepper/ensure-pepper.ts';
export { scopes } from './principal.ts';
export type {
  Allowlist,
  ApiKeyPrincipal,
  Authorization,
  Limits,
  OperatorPrincipal,
  Policy,
  PolicyLevel,
  Principal,
  Scope,
  TenantPrincipal,
  TokenPrincipal,
} from './principal.ts';
export type { ApiKeyOwner, ApiKeyRecord, ApiKeyView, PolicyRecord, TenantRecord, UserRecord } from './records.ts';
export { ensureTenant, TenantUnknownError } from './tenant/ensure-tenant.ts';
export { systemActor } from './verb/actor.ts';
export type { Actor, Peppers, TenancyDependencies } from './verb/actor.ts';
export { done, refused } from './verb/result.ts';
export type { FieldIssue, Refusal, Result, Subject } from './verb/result.ts';
