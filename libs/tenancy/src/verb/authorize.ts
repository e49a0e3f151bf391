import { nameOfLimit, scopes } from '@ccg/kernel';
import type { Scope } from '@ccg/kernel';
import { describeRule, isList, limitRulesOf, limitsWidened } from '../limits.ts';
import type { Allowlist, Limits, PolicyLevel, Principal } from '../principal.ts';
import { isWithin } from '../policy/grant.ts';
import type { FieldIssue, Refusal } from './result.ts';

type Access = 'read' | 'write';

const dayMs = 24 * 60 * 60 * 1000;

/** Who may write may read. */
export function holds({ authorization }: Principal, scope: Scope): boolean {
  if (authorization.scopes.includes(scope)) return true;
  if (scope === 'tenant:read') return authorization.scopes.includes('tenant:write');
  return scope === 'operator:read' && authorization.scopes.includes('operator:write');
}

/** Refuses all but operators. */
export function requireOperator(principal: Principal, access: Access): Refusal | undefined {
  const scope: Scope = `operator:${access}`;
  return holds(principal, scope) ? undefined : { kind: 'scope-missing', scope };
}

/** Refuses all but operators and those who have the scope in this tenant. Another tenant is as unknown as one that does not exist. */
export function requireTenant(principal: Principal, tenant: string, access: Access): Refusal | undefined {
  if (holds(principal, `operator:${access}`)) return undefined;
  if (principal.kind === 'operator') return { kind: 'scope-missing', scope: `operator:${access}` };
  const scope: Scope = `tenant:${access}`;
  if (!holds(principal, scope)) return { kind: 'scope-missing', scope };
  return principal.tenant === tenant ? undefined : { kind: 'unknown', subject: 'tenant' };
}

/** Whose API keys a principal may see or change: all of the tenant, those of one user, or none. */
export type ApiKeyReach =
  | { readonly kind: 'all' }
  | { readonly kind: 'own'; readonly user: string }
  | { readonly kind: 'none'; readonly refusal: Refusal };

/** With `self` a developer reaches their own API keys. */
export function apiKeyReach(principal: Principal, tenant: string, access: Access): ApiKeyReach {
  const refusal = requireTenant(principal, tenant, access);
  if (refusal === undefined) return { kind: 'all' };
  if (refusal.kind !== 'scope-missing' || principal.kind === 'operator') return { kind: 'none', refusal };
  const { user } = principal;
  if (user === undefined || !holds(principal, 'self')) return { kind: 'none', refusal };
  if (principal.tenant !== tenant) return { kind: 'none', refusal: { kind: 'unknown', subject: 'tenant' } };
  return { kind: 'own', user };
}

/** What a verb gives away. Undefined parts are not given. */
export interface Grant {
  readonly scopes?: readonly Scope[];
  /** The levels that will restrict whoever gets it, one list each, and those of the principal's levels that will as well. */
  readonly levels?: { readonly granted: readonly Allowlist[]; readonly stays: (level: PolicyLevel) => boolean };
  /** Until when it is given, and the time now. Undefined: for ever. */
  readonly expiry?: { readonly atMs: number | undefined; readonly nowMs: number };
  readonly limits?: { readonly granted: Limits | undefined };
  readonly timeZone?: string;
  /** Of the whole tenant. More for one is less for the others. */
  readonly waitingWeight?: { readonly from: number; readonly to: number };
}

/** What of a grant the principal does not have itself. Operators who may write have everything. */
export function beyondOwn(principal: Principal, grant: Grant): Refusal | undefined {
  if (holds(principal, 'operator:write')) return undefined;
  const issues = [
    ...scopesBeyond(principal, grant.scopes ?? []),
    ...levelsBeyond(principal, grant.levels),
    ...expiryBeyond(principal, grant.expiry),
    ...limitsBeyond(principal, grant.limits),
    ...timeZoneBeyond(principal, grant.timeZone),
    ...waitingWeightBeyond(grant.waitingWeight),
  ];
  return issues.length === 0 ? undefined : { kind: 'beyond-actor', issues };
}

function scopesBeyond(principal: Principal, granted: readonly Scope[]): readonly FieldIssue[] {
  return granted
    .filter((scope) => !holds(principal, scope))
    .map((scope) => ({ path: ['scopes', granted.indexOf(scope)], message: `You do not have the scope ${scope}.` }));
}

function levelsBeyond({ authorization: { policy } }: Principal, levels: Grant['levels']): readonly FieldIssue[] {
  if (levels === undefined || policy.kind === 'allow-all') return [];
  const { granted, stays } = levels;
  const isCovered = (own: Allowlist) => granted.some((list) => isWithin(own, list));
  if (policy.levels.every((own) => stays(own) || isCovered(own))) return [];
  return [{ path: ['allowlist'], message: 'It allows more than your own allowlist. Name only what you may use.' }];
}

function expiryBeyond(principal: Principal, expiry: Grant['expiry']): readonly FieldIssue[] {
  if (expiry === undefined) return [];
  const { atMs, nowMs } = expiry;
  const latest = latestExpiry(principal, nowMs);
  if (latest === undefined || (atMs !== undefined && atMs <= latest.atMs)) return [];
  const advice = atMs === undefined ? 'Give an expiry that is no later.' : 'Choose no later time.';
  return [{ path: ['expiresAt'], message: `${latest.say(new Date(latest.atMs).toISOString())} ${advice}` }];
}

interface LatestExpiry {
  readonly atMs: number;
  /** Why, in a sentence with the time. */
  say(end: string): string;
}

/** The end of the credential, unless the issuer of a token may be followed by API keys that live longer. */
function latestExpiry(principal: Principal, nowMs: number): LatestExpiry | undefined {
  if (principal.kind === 'operator' || principal.expiresAtMs === undefined) return undefined;
  const { expiresAtMs } = principal;
  if (principal.kind === 'api-key') {
    return { atMs: expiresAtMs, say: (end) => `Your own API key expires at ${end}.` };
  }
  const { apiKeyLifetimeMs } = principal;
  if (apiKeyLifetimeMs === undefined) {
    return { atMs: expiresAtMs, say: (end) => `What you make with a token ends with it at the latest, at ${end}.` };
  }
  const days = Math.round(apiKeyLifetimeMs / dayMs);
  return {
    atMs: nowMs + apiKeyLifetimeMs,
    say: (end) => `API keys that are made with your token work for ${days} days at most, until ${end}.`,
  };
}

function limitsBeyond({ authorization: { limits } }: Principal, grant: Grant['limits']): readonly FieldIssue[] {
  if (grant === undefined) return [];
  const { granted = {} } = grant;
  return limitsWidened(limits, limitRulesOf(granted)).map((own) => {
    const isWhole = !isList(granted) && own.level === 'tenant' && own.kind === 'requests';
    return {
      path: isWhole ? ['limits', 'requestsPerMinute'] : ['limits'],
      message: `Your own limit "${nameOfLimit(own)}" is ${describeRule(own)}. Keep it under that name, or lower it.`,
    };
  });
}

/** In another time zone the next period of a budget may have begun, with nothing spent yet. */
function timeZoneBeyond(principal: Principal, granted: string | undefined): readonly FieldIssue[] {
  if (granted === undefined || principal.kind === 'operator') return [];
  const { limits, timeZone } = principal.authorization;
  const isBound = limits.some(({ kind, mode }) => kind === 'budget' && mode !== 'shadow');
  if (!isBound || granted === timeZone) return [];
  return [{ path: ['timeZone'], message: `Your own budgets are counted in the time zone ${timeZone}. Keep it.` }];
}

function waitingWeightBeyond(weight: Grant['waitingWeight']): readonly FieldIssue[] {
  if (weight === undefined || weight.to <= weight.from) return [];
  const message = `It is ${weight.from}, and only operators raise it. Keep it, or lower it.`;
  return [{ path: ['waitingWeight'], message }];
}

/** Whether a text is a scope. */
export function isScope(text: string): text is Scope {
  return scopes.some((scope) => scope === text);
}
