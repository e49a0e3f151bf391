import type { Store } from '@ccg/store';
import type { AuditAction, AuditEntry } from '../audit/audit-entry.ts';
import { auditActor } from '../audit/audit-entry.ts';
import type { Actor, TenancyDependencies } from './actor.ts';
import { auditMaxEntries, commit, untilCommitted } from './commit.ts';
import type { Change } from './commit.ts';
import type { Refusal, Result, Subject } from './result.ts';
import { done, refused } from './result.ts';

/** What a verb does, and to what. */
export interface Deed {
  readonly action: AuditAction;
  readonly tenant: string;
  readonly subject: { readonly kind: Subject; readonly id: string };
}

type VerbDependencies = Pick<TenancyDependencies, 'store' | 'clock'>;

const idMaxLength = 200;

/** Runs a verb that only reads. What it denies is written into the audit log. */
export async function runRead<Value>(
  deps: VerbDependencies,
  actor: Actor,
  deed: Deed,
  read: () => Promise<Result<Value>>,
): Promise<Result<Value>> {
  const result = await read();
  if (result.kind === 'refused' && isDenial(result.refusal)) await recordDenial(deps, actor, deed, result.refusal);
  return result;
}

/** What a verb has made of the records that it read: a refusal, or a change and what follows when it is written. */
export type Plan<Value> =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** Nothing is to be written. */
  | { readonly kind: 'done'; readonly value: Value }
  | {
      readonly kind: 'change';
      readonly change: Omit<Change, 'entry'>;
      readonly details?: Readonly<Record<string, unknown>>;
      /** The subject's id where the verb makes it. */
      readonly subjectId?: string;
      readonly value: Value;
      /** What a repeated request is told, where that is not the value. */
      readonly answer?: object;
    };

/**
 * Runs a verb that writes: `plan` reads and judges, and what it wants is committed together with its audit entry. If
 * somebody else wrote to the same record meanwhile, it is planned anew.
 */
export async function runWrite<Value>(
  deps: VerbDependencies,
  actor: Actor,
  deed: Deed,
  plan: () => Promise<Plan<Value>>,
): Promise<Result<Value>> {
  return await runRead(deps, actor, deed, () =>
    untilCommitted(async () => {
      const planned = await plan();
      if (planned.kind === 'refused') return refused(planned.refusal);
      if (planned.kind === 'done') return done(planned.value);
      const { subjectId = deed.subject.id, details, change, value, answer } = planned;
      const entry: AuditEntry = {
        ...entryOf(deps, actor, { ...deed, subject: { ...deed.subject, id: subjectId } }),
        outcome: 'done',
        details,
      };
      const { checks, writes } = onceParts(actor, answer ?? value);
      const outcome = await commit(deps.store, deps.store.redisKeys.audit(deed.tenant), {
        checks: [...change.checks, ...checks],
        writes: [...change.writes, ...writes],
        entry,
      });
      return outcome === 'changed' ? outcome : done(value);
    }),
  );
}

/** The answer of a request that must have its effect once. Nothing is written when somebody else is at it by now. */
function onceParts({ once }: Actor, answer: unknown): Pick<Change, 'checks' | 'writes'> {
  if (once === undefined) return { checks: [], writes: [] };
  const { key, claim } = once;
  return {
    checks: [{ key, field: 'claim', value: claim }],
    writes: [{ kind: 'set', key, field: 'answer', value: JSON.stringify(answer) }],
  };
}

/** Faults of an input are no attempt at anything. */
function isDenial({ kind }: Refusal): boolean {
  return kind === 'scope-missing' || kind === 'beyond-actor' || kind === 'unknown';
}

/** A line of the audit log, for a script that writes it together with what it changes. */
export interface AuditLine {
  /** The redis key of the log: a stream of the same tenant. */
  readonly key: string;
  readonly entry: string;
  /** How many entries the log keeps. */
  readonly maxEntries: number;
}

/** The line for what is done by a script of another library. */
export function auditLine(deps: VerbDependencies, actor: Actor, deed: Deed): AuditLine {
  const entry: AuditEntry = { ...entryOf(deps, actor, deed), outcome: 'done' };
  return { key: deps.store.redisKeys.audit(deed.tenant), entry: JSON.stringify(entry), maxEntries: auditMaxEntries };
}

/** A denial stands in the log of the one who was denied: what they named may not exist. */
async function recordDenial(deps: VerbDependencies, actor: Actor, deed: Deed, refusal: Refusal): Promise<void> {
  const entry: AuditEntry = { ...entryOf(deps, actor, deed), outcome: 'denied', details: { reason: refusal.kind } };
  await commit(deps.store, auditKeyOf(deps.store, actor), { checks: [], writes: [], entry });
}

/** Writes what was done outside of one tenant into the log of the one who did it. */
export async function recordDone(
  deps: VerbDependencies,
  actor: Actor,
  deed: Deed,
  details: AuditEntry['details'],
): Promise<void> {
  const entry: AuditEntry = { ...entryOf(deps, actor, deed), outcome: 'done', details };
  await commit(deps.store, auditKeyOf(deps.store, actor), { checks: [], writes: [], entry });
}

function auditKeyOf({ redisKeys }: Store, { principal }: Actor): string {
  return principal.kind === 'operator' ? redisKeys.operatorAudit() : redisKeys.audit(principal.tenant);
}

function entryOf({ clock }: VerbDependencies, { principal, requestId }: Actor, { action, tenant, subject }: Deed) {
  return {
    at: new Date(clock.now()).toISOString(),
    requestId,
    actor: auditActor(principal),
    action,
    tenant: tenant.slice(0, idMaxLength),
    subject: { ...subject, id: subject.id.slice(0, idMaxLength) },
  };
}
