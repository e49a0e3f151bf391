import type { Store } from '@ccg/store';
import type { KilledSession, TenantPrincipal } from '../principal.ts';

/** A killed session is refused for so long; clients make a new name for each session. */
export const killedForMs = 30 * 24 * 60 * 60 * 1000;

/** Of one caller. Beyond that the one that was killed first is forgotten. */
const killedMax = 100;

/** Whose sessions they are: a user, on any credential, or a service, by its API key. */
export function callerId(principal: TenantPrincipal): string {
  if (principal.kind === 'token') return principal.user;
  return principal.user ?? principal.apiKeyId;
}

/** Reads what the store has of one caller. */
export function killedSessionsIn(text: string | undefined): readonly KilledSession[] {
  return text === undefined ? [] : (JSON.parse(text) as readonly KilledSession[]);
}

/** The killed sessions of a tenant, by their callers. */
export async function readKilledSessions(
  store: Store,
  tenant: string,
): Promise<ReadonlyMap<string, readonly KilledSession[]>> {
  const reply = await store.command('hgetall', [store.redisKeys.killedSessions(tenant)]);
  return new Map(Object.entries(Object(reply)).map(([id, text]) => [id, killedSessionsIn(String(text))]));
}

/** Those that are still refused, with one more at the end. */
export function withKilled(known: readonly KilledSession[], session: string, nowMs: number): readonly KilledSession[] {
  const others = withoutKilled(known, session, nowMs);
  return [...others, { session, untilMs: nowMs + killedForMs }].slice(-killedMax);
}

/** Those that are still refused, without one. */
export function withoutKilled(
  known: readonly KilledSession[],
  session: string,
  nowMs: number,
): readonly KilledSession[] {
  return known.filter((one) => one.session !== session && one.untilMs > nowMs);
}

/** What every replica is told, so that it ends the requests that run. */
export interface SessionKill {
  readonly tenant: string;
  readonly callers: readonly string[];
  readonly session: string;
}

/** Reads a message; undefined for one of another version of this gateway. */
export function readSessionKill(message: string): SessionKill | undefined {
  try {
    const value: unknown = JSON.parse(message);
    if (typeof value !== 'object' || value === null) return undefined;
    if (!('tenant' in value) || !('callers' in value) || !('session' in value)) return undefined;
    const { tenant, callers, session } = value;
    if (typeof tenant !== 'string' || typeof session !== 'string' || !Array.isArray(callers)) return undefined;
    return { tenant, session, callers: callers.map(String) };
  } catch {
    return undefined;
  }
}
