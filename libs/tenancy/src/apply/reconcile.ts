import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { fileActor } from '../verb/actor.ts';
import { requireOperator } from '../verb/authorize.ts';
import type { Result } from '../verb/result.ts';
import { done, refused } from '../verb/result.ts';
import { recordDone, runRead } from '../verb/run-verb.ts';
import { applyStep, sayRefusal } from './apply-step.ts';
import { drift } from './drift.ts';
import type { ApplyProblem, Change, Drift, DriftStep } from './drift.ts';
import { withApplyLock } from './lock.ts';
import type { HeldLock } from './lock.ts';
import { readCurrent } from './read-current.ts';
import type { WantedDirectory } from './wanted.ts';

export interface ReconcileOptions {
  /** Whether the drift is only told. */
  readonly dryRun: boolean;
  /** Whether what the file owns and names no more is ended: users and tenants suspended, API keys revoked, policies removed. */
  readonly prune: boolean;
  /** How long another process that applies is waited for. */
  readonly waitMs?: number | undefined;
}

export interface Reconciled {
  /** What was changed, or would be. */
  readonly changes: readonly Change[];
  /** What the file says and the store cannot have. */
  readonly problems: readonly ApplyProblem[];
  readonly applied: boolean;
}

/** `busy`: another process was applying a file for all of the time, and nothing was done. */
export type Reconciliation = Result<Reconciled> | { readonly kind: 'busy' };

const waitDefaultMs = 10_000;

/**
 * Brings the store to what the file says of tenants, policies, users and API keys. Only one process does so at a time. What
 * the API made is left alone unless the file names it: then it is the file's. A second call has nothing to do, and
 * completes a first one that broke off. The file is loaded last, when it is known that the actor may and nobody else does.
 * For operators.
 */
export async function reconcile(
  deps: TenancyDependencies,
  actor: Actor,
  load: () => WantedDirectory,
  { dryRun, prune, waitMs = waitDefaultMs }: ReconcileOptions,
): Promise<Reconciliation> {
  const deed = { action: 'tenant.apply', tenant: '*', subject: { kind: 'tenant', id: '*' } } as const;
  const allowed = await runRead(deps, actor, deed, async () => {
    const refusal = requireOperator(actor.principal, dryRun ? 'read' : 'write');
    return refusal === undefined ? done(undefined) : refused(refusal);
  });
  if (allowed.kind === 'refused') return allowed;
  const file = fileActor(actor.requestId);
  const find = async (): Promise<Drift> => {
    const wanted = load();
    const current = await readCurrent(deps, file, wanted, { prune });
    return drift(wanted, current, { prune, nowMs: deps.clock.now() });
  };
  if (dryRun) {
    const { steps, problems } = await find();
    return done({ changes: steps.map(shownOf), problems, applied: false });
  }
  const worked = await withApplyLock(deps, waitMs, async (lock) => applySteps(deps, file, await find(), lock));
  if (worked.kind === 'busy') return worked;
  const { changes, problems } = worked.value;
  if (changes.length > 0) await recordDone(deps, actor, deed, { changes: changes.length, prune });
  return done({ changes, problems, applied: true });
}

/** One change that is refused does not keep the others back. */
async function applySteps(
  deps: TenancyDependencies,
  file: Actor,
  { steps, problems: found }: Drift,
  lock: HeldLock,
): Promise<Omit<Reconciled, 'applied'>> {
  const changes: Change[] = [];
  const problems: ApplyProblem[] = [...found];
  for (const step of steps) {
    lock.assertHeld();
    const result = await applyStep(deps, file, step);
    if (result.kind === 'done') changes.push(shownOf(step));
    else problems.push({ ...placeOf(step), message: sayRefusal(result.refusal) });
  }
  return { changes, problems };
}

function placeOf({ kind, tenant, id, name = id }: DriftStep) {
  return { kind, tenant, id: name };
}

/** Without what it was worked out from. */
function shownOf({ action, kind, tenant, id, name, fields }: DriftStep): Change {
  return {
    action,
    kind,
    tenant,
    id,
    ...(name === undefined ? {} : { name }),
    ...(fields === undefined ? {} : { fields }),
  };
}
