import type { Store } from '@ccg/store';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { requireOperator } from '../verb/authorize.ts';
import { done, refused } from '../verb/result.ts';
import type { Result } from '../verb/result.ts';
import { recordDone, runRead } from '../verb/run-verb.ts';

/** The level that the logs of all processes have for a while, in the place of the configured one. */
export interface LogLevelChange {
  readonly level: string;
  /** Milliseconds since the epoch. A time that is over: from now on the configured level counts. */
  readonly untilMs: number;
}

/** Sets the level of every process for so long; 0 ends an earlier change. For operators. */
export async function setLogLevel(
  deps: TenancyDependencies,
  actor: Actor,
  { level, forMs }: { readonly level: string; readonly forMs: number },
): Promise<Result<LogLevelChange>> {
  const { store, clock } = deps;
  const deed = { action: 'log-level.set', tenant: '*', subject: { kind: 'tenant', id: '*' } } as const;
  return await runRead(deps, actor, deed, async () => {
    const refusal = requireOperator(actor.principal, 'write');
    if (refusal !== undefined) return refused(refusal);
    const change: LogLevelChange = { level, untilMs: clock.now() + forMs };
    const text = JSON.stringify(change);
    // A process that starts meanwhile reads it; those that run are told.
    await store.command('set', [store.redisKeys.logLevel(), text, 'PX', Math.max(1, forMs)]);
    await store.command('publish', [store.redisKeys.logLevelChanges(), text]);
    await recordDone(deps, actor, deed, { level, until: new Date(change.untilMs).toISOString() });
    return done(change);
  });
}

/** The change that counts now, if there is one. */
export async function readLogLevel(store: Store): Promise<LogLevelChange | undefined> {
  const text = await store.command('get', [store.redisKeys.logLevel()]);
  return typeof text === 'string' ? parseLogLevel(text) : undefined;
}

/** Reads a stored or announced change; undefined for one of another version of this gateway. */
export function parseLogLevel(text: string): LogLevelChange | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('level' in value) || !('untilMs' in value)) return undefined;
    const { level, untilMs } = value;
    return typeof level === 'string' && typeof untilMs === 'number' ? { level, untilMs } : undefined;
  } catch {
    return undefined;
  }
}
