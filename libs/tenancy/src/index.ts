export { scopes } from '@ccg/kernel';
export type { Scope } from '@ccg/kernel';
export { createApiKey } from './api-key/create.ts';
export { importApiKey } from './api-key/import.ts';
export type { ImportedApiKey, StoredApiKey } from './api-key/import.ts';
export { getApiKey, listApiKeys } from './api-key/list.ts';
export type { Verification } from './api-key/memory.ts';
export type { IssuedApiKey, NewApiKey } from './api-key/new-api-key.ts';
export { mergePolicy, readAuthorization } from './api-key/read-authorization.ts';
export type { AuthorizationRecords, Bearer } from './api-key/read-authorization.ts';
export { readPrincipal } from './api-key/read-principal.ts';
export type { CredentialId } from './api-key/read-principal.ts';
export { revokeApiKey } from './api-key/revoke.ts';
export { updateApiKey } from './api-key/update.ts';
export { rotateApiKey } from './api-key/rotate.ts';
export type { Rotation } from './api-key/rotate.ts';
export { createApiKeyVerifier } from './api-key/verify.ts';
export type { ApiKeyVerifier, ApiKeyVerifierOptions } from './api-key/verify.ts';
export type { ApplyProblem, Change } from './apply/drift.ts';
export { reconcile } from './apply/reconcile.ts';
export type { Reconciled, ReconcileOptions, Reconciliation } from './apply/reconcile.ts';
export type { WantedApiKey, WantedDirectory, WantedPolicy, WantedTenant, WantedUser } from './apply/wanted.ts';
export { auditActor } from './audit/audit-entry.ts';
export type { AuditAction, AuditActor, AuditEntry } from './audit/audit-entry.ts';
export { createDeniedUses } from './audit/denied-uses.ts';
export type { DeniedUse } from './audit/denied-uses.ts';
export { readAudit, readOperatorAudit } from './audit/read-audit.ts';
export { runBatchVerb } from './batch/run-batch-verb.ts';
export type { BatchGrant } from './batch/run-batch-verb.ts';
export { generateApiKey } from './credentials/api-key-format.ts';
export type { RandomBytes } from './credentials/api-key-format.ts';
export { fingerprintOf, hashApiKey } from './credentials/digests.ts';
export { readCredential } from './credentials/read-credential.ts';
export type { Credential, CredentialHeaders } from './credentials/read-credential.ts';
export type { TokenFault, TrustedIssuer } from './credentials/token/check-token.ts';
export type { TokenIssuer } from './credentials/token/issuer.ts';
export { createIssuerKeys } from './credentials/token/issuer-keys.ts';
export type { IssuerKeys } from './credentials/token/issuer-keys.ts';
export { answerOnce, claimOnce, releaseOnce } from './once/once.ts';
export type { OnceClaim, OnceOutcome, OnceRecord } from './once/once.ts';
export { limitRulesOf } from './limits.ts';
export { parseLogLevel, readLogLevel, setLogLevel } from './log-level/set-log-level.ts';
export type { LogLevelChange } from './log-level/set-log-level.ts';
export { killSession, resumeSession } from './session/kill-session.ts';
export type { SessionCaller, SessionOfCallers } from './session/kill-session.ts';
export { callerId, readKilledSessions, readSessionKill } from './session/killed-sessions.ts';
export type { SessionKill } from './session/killed-sessions.ts';
export { ensurePepper } from './pepper/ensure-pepper.ts';
export { isAllowed, policyOf } from './policy/judge.ts';
export type { Wanted } from './policy/judge.ts';
export { listPolicies } from './policy/list.ts';
export { putPolicy } from './policy/put.ts';
export { removePolicy } from './policy/remove.ts';
export type {
  Allowlist,
  ApiKeyPrincipal,
  Authorization,
  KilledSession,
  Limits,
  OperatorPrincipal,
  Policy,
  PolicyLevel,
  Principal,
  TenantAuthorization,
  TenantDefaults,
  TenantPrincipal,
  TokenPrincipal,
} from './principal.ts';
export type {
  ApiKeyOwner,
  ApiKeyRecord,
  ApiKeyView,
  Origin,
  PolicyRecord,
  TenantRecord,
  UserRecord,
} from './records.ts';
export { listLimits, putLimit, removeLimit } from './tenant/change-limits.ts';
export type { NamedLimit, TenantLimits } from './tenant/change-limits.ts';
export { createTenant } from './tenant/create.ts';
export type { NewTenant } from './tenant/create.ts';
export { ensureTenant } from './tenant/ensure-tenant.ts';
export { readWaitingWeight } from './tenant/read-waiting-weight.ts';
export { getTenant, listTenants, tenantIds } from './tenant/list.ts';
export { resumeTenant, suspendTenant } from './tenant/set-tenant-state.ts';
export { updateTenant } from './tenant/update.ts';
export type { TenantChanges } from './tenant/update.ts';
export { revokeTokens } from './token/revoke.ts';
export type { RevokedTokens, TokensToRevoke } from './token/revoke.ts';
export { createTokenVerifier } from './token/verify.ts';
export type { TokenVerifier, TokenVerifierOptions } from './token/verify.ts';
export { resumeUser, suspendUser, updateUser } from './user/change-user.ts';
export type { UserChanges } from './user/change-user.ts';
export { createUser } from './user/create.ts';
export type { NewUser } from './user/create.ts';
export { getUser, listUsers } from './user/list.ts';
export { readUserNames, usageReach } from './usage/usage-reach.ts';
export type { OwnUsage, UsageReach } from './usage/usage-reach.ts';
export { fileActor, systemActor } from './verb/actor.ts';
export type { Actor, Peppers, TenancyDependencies } from './verb/actor.ts';
export { announce, readAnnouncement } from './verb/announce.ts';
export { holds } from './verb/authorize.ts';
export { isTenantId } from './verb/load.ts';
export type { Page, PageRequest } from './verb/page.ts';
export { done, refused } from './verb/result.ts';
export type { FieldIssue, Refusal, Result, Subject } from './verb/result.ts';
export type { AuditLine } from './verb/run-verb.ts';
