import type { Scope } from '@ccg/kernel';

/** What a verb can be about. */
export type Subject = 'tenant' | 'user' | 'api-key' | 'token' | 'policy' | 'limit' | 'session' | 'batch';

/** A field of the input that cannot be used, and why. */
export interface FieldIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Every way in which a verb refuses. Nothing has changed then, but for the audit log. */
export type Refusal =
  /** The actor's credential lacks this scope. */
  | { readonly kind: 'scope-missing'; readonly scope: Scope }
  /** The actor may not give away what it does not have itself. */
  | { readonly kind: 'beyond-actor'; readonly issues: readonly FieldIssue[] }
  /** There is none, or it belongs to somebody whose data the actor may not see: the two are never told apart. */
  | { readonly kind: 'unknown'; readonly subject: Subject }
  | { readonly kind: 'taken'; readonly subject: Subject; readonly path: readonly string[] }
  | { readonly kind: 'invalid'; readonly issues: readonly FieldIssue[] }
  /** `gateway.yaml` has it: it is changed there. Suspending and revoking are never refused so. */
  | { readonly kind: 'file-owned'; readonly subject: Subject }
  /** An API key that is revoked, has expired or was rotated before cannot be rotated. */
  | { readonly kind: 'not-rotatable'; readonly reason: 'revoked' | 'expired' | 'rotated' };

export type Result<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export function done<Value>(value: Value): Result<Value> {
  return { kind: 'done', value };
}

export function refused(refusal: Refusal): { readonly kind: 'refused'; readonly refusal: Refusal } {
  return { kind: 'refused', refusal };
}
