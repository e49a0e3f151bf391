import { assertNever } from '@ccg/kernel';
import type { Principal, TenantPrincipal } from '../principal.ts';
import type { Subject } from '../verb/result.ts';

/** What a verb was called and what it was about, such as `api-key.revoke`. */
export type AuditAction =
  | `tenant.${'create' | 'update' | 'suspend' | 'resume' | 'read' | 'apply'}`
  | `user.${'create' | 'update' | 'suspend' | 'resume' | 'read'}`
  | `api-key.${'create' | 'import' | 'update' | 'rotate' | 'revoke' | 'read' | 'use'}`
  | `token.${'revoke' | 'use'}`
  | `policy.${'put' | 'remove' | 'read'}`
  | `limit.${'put' | 'remove' | 'read'}`
  | `session.${'kill' | 'resume'}`
  | `batch.${'read' | 'cancel'}`
  | 'audit.read'
  | 'log-level.set'
  | 'usage.read';

/** One line of the audit log, which is only ever appended to. No text of a credential is in it, nor a digest. */
export interface AuditEntry {
  /** ISO 8601. */
  readonly at: string;
  /** Unset for a credential that was refused, of which one a minute is written. */
  readonly requestId?: string | undefined;
  readonly actor: AuditActor;
  readonly action: AuditAction;
  readonly tenant: string;
  readonly subject: { readonly kind: Subject; readonly id: string };
  readonly outcome: 'done' | 'denied';
  /** Of what was written, the fields that are new; of a denial, why. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

export type AuditActor =
  | { readonly kind: 'api-key'; readonly tenant: string; readonly id: string; readonly user?: string | undefined }
  | { readonly kind: 'token'; readonly tenant: string; readonly user: string; readonly issuer: string }
  | { readonly kind: 'operator'; readonly name: string };

/** Whom an entry names, without what they may do. */
export function auditActor(principal: TenantPrincipal): Exclude<AuditActor, { readonly kind: 'operator' }>;
export function auditActor(principal: Principal): AuditActor;
export function auditActor(principal: Principal): AuditActor {
  switch (principal.kind) {
    case 'api-key': {
      const { tenant, apiKeyId: id, user } = principal;
      return { kind: 'api-key', tenant, id, user };
    }
    case 'token': {
      const { tenant, user, issuer } = principal;
      return { kind: 'token', tenant, user, issuer };
    }
    case 'operator':
      return { kind: 'operator', name: principal.name };
    default:
      return assertNever(principal);
  }
}
