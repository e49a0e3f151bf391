import type { Store } from '@ccg/store';
import type { KilledSession } from '../principal.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { announce } from '../verb/announce.ts';
import { requireTenant } from '../verb/authorize.ts';
import { invalid, issue } from '../verb/fields.ts';
import { isMadeId, loadTenant } from '../verb/load.ts';
import { readFields } from '../verb/read-fields.ts';
import type { Result } from '../verb/result.ts';
import { refused } from '../verb/result.ts';
import { runWrite } from '../verb/run-verb.ts';
import { killedForMs, killedSessionsIn, readKilledSessions, withKilled, withoutKilled } from './killed-sessions.ts';
import type { SessionKill } from './killed-sessions.ts';

/** Whose session it is: a user's, on any credential, or that of a service, by its API key. */
export type SessionCaller = { readonly user: string } | { readonly apiKey: string };

export interface SessionOfCallers {
  readonly session: string;
  readonly callers: readonly SessionCaller[];
}

interface NamedSession {
  readonly tenant: string;
  /** As its client calls it. */
  readonly session: string;
  /** Left out: everybody's who uses that name. */
  readonly caller?: SessionCaller | undefined;
}

type WithFinder = NamedSession & {
  /** Finds out who uses that name; called once the actor is known to be allowed to ask. */
  findCallers(this: void): Promise<readonly SessionCaller[]>;
};

const sessionMaxLength = 256;

/**
 * Ends a session: its running requests are ended on every replica, later ones are refused, for 30 days. A second call
 * says it to every replica again. The client can begin a new session, under another name.
 */
export async function killSession(
  deps: TenancyDependencies,
  actor: Actor,
  named: WithFinder,
): Promise<Result<SessionOfCallers>> {
  return await change(deps, actor, { ...named, action: 'session.kill', apply: withKilled });
}

/** Lets a killed session go on. */
export async function resumeSession(
  deps: TenancyDependencies,
  actor: Actor,
  named: NamedSession,
): Promise<Result<SessionOfCallers>> {
  const findCallers = () => findKilled(deps.store, named);
  return await change(deps, actor, { ...named, findCallers, action: 'session.resume', apply: withoutKilled });
}

type Deed = WithFinder & {
  readonly action: 'session.kill' | 'session.resume';
  apply(this: void, known: readonly KilledSession[], session: string, nowMs: number): readonly KilledSession[];
};

async function change(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant, session, caller, findCallers, action, apply }: Deed,
): Promise<Result<SessionOfCallers>> {
  const { store, clock } = deps;
  const deed = { action, tenant, subject: { kind: 'session', id: session } } as const;
  const result = await runWrite<SessionOfCallers>(deps, actor, deed, async () => {
    const refusal = requireTenant(actor.principal, tenant, 'write') ?? invalid(sessionIssues(session));
    if (refusal !== undefined) return refused(refusal);
    if ((await loadTenant(store, tenant)) === undefined) return refused({ kind: 'unknown', subject: 'tenant' });
    if (caller !== undefined && !(await exists(store, tenant, caller))) {
      return refused({ kind: 'unknown', subject: 'user' in caller ? 'user' : 'api-key' });
    }
    const callers = caller === undefined ? await findCallers() : [caller];
    if (callers.length === 0) return refused({ kind: 'unknown', subject: 'session' });
    const key = store.redisKeys.killedSessions(tenant);
    const ids = callers.map(idOf);
    const texts = await readFields(
      store,
      ids.map((field) => ({ key, field })),
    );
    const writes = ids.map((field, at) => {
      const value = JSON.stringify(apply(killedSessionsIn(texts[at]), session, clock.now()));
      return { kind: 'set', key, field, value } as const;
    });
    const checks = ids.map((field, at) => ({ key, field, value: texts[at] }));
    const keep = { kind: 'keep', key, lifetimeMs: killedForMs } as const;
    return {
      kind: 'change',
      change: { checks, writes: [...writes, keep] },
      details: { callers: ids },
      value: { session, callers },
    };
  });
  if (result.kind === 'done') await tell(store, tenant, result.value, action);
  return result;
}

/** Replicas forget what they know of the callers; of a kill they are told as well, for the requests that run. */
async function tell(
  store: Store,
  tenant: string,
  { session, callers }: SessionOfCallers,
  action: Deed['action'],
): Promise<void> {
  for (const caller of callers) {
    await announce(store, { kind: 'user' in caller ? 'user' : 'api-key', tenant, id: idOf(caller) });
  }
  if (action !== 'session.kill') return;
  const kill: SessionKill = { tenant, session, callers: callers.map(idOf) };
  await store.command('publish', [store.redisKeys.sessionKills(), JSON.stringify(kill)]);
}

async function findKilled(store: Store, { tenant, session }: NamedSession): Promise<readonly SessionCaller[]> {
  const known = [...(await readKilledSessions(store, tenant))];
  const found = known.filter(([, killed]) => killed.some((one) => one.session === session)).map(([id]) => id);
  const keys = found.map((id) => ({ key: store.redisKeys.apiKey(tenant, id), field: 'record' }));
  const records = await readFields(store, keys);
  return found.map((id, at) => (records[at] === undefined ? { user: id } : { apiKey: id }));
}

async function exists(store: Store, tenant: string, caller: SessionCaller): Promise<boolean> {
  const id = idOf(caller);
  if (!isMadeId(id)) return false;
  const { redisKeys } = store;
  const place =
    'user' in caller
      ? { key: redisKeys.users(tenant), field: id }
      : { key: redisKeys.apiKey(tenant, id), field: 'record' };
  const [record] = await readFields(store, [place]);
  return record !== undefined;
}

function idOf(caller: SessionCaller): string {
  return 'user' in caller ? caller.user : caller.apiKey;
}

function sessionIssues(session: string) {
  const isName = session !== '' && session.length <= sessionMaxLength && session.isWellFormed();
  return isName && session.trim() === session
    ? []
    : [issue(['session'], `must have 1 to ${sessionMaxLength} characters, and no space at either end`)];
}
