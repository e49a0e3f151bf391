import type { Decision, Limit } from '@ccg/admission';
import { GatewayError } from '@ccg/kernel';
import type { TenantAuthorization, TenantPrincipal } from '@ccg/tenancy';
import type { RequestLimit } from './request-limits.ts';

/** The limits of one request, which may change while it waits. */
interface AskedLimits {
  /** Those that it came with. */
  readonly first: readonly Limit[];
  /** Those of a principal that was found out again; the same list where nothing has changed. */
  now(principal: TenantPrincipal): readonly Limit[];
  /** Those that a decision is about. */
  of(decision: Decision): readonly RequestLimit[];
}

type AskLimits = (
  principal: TenantPrincipal,
  limitsOf: (now: TenantPrincipal) => readonly RequestLimit[],
) => AskedLimits;

export function createAskLimits(): AskLimits {
  const texts = new WeakMap<TenantAuthorization, string>();

  /** A principal that is read again is another object, mostly with the same limits. */
  function textOf(authorization: TenantAuthorization): string {
    const text = texts.get(authorization) ?? JSON.stringify([authorization.limits, authorization.timeZone]);
    texts.set(authorization, text);
    return text;
  }

  return (principal, limitsOf) => {
    let { authorization } = principal;
    let latest = versionOf(limitsOf(principal));
    const versions = [latest];
    return {
      first: latest.asked,
      now(again) {
        if (again.authorization === authorization) return latest.asked;
        const isChanged = textOf(again.authorization) !== textOf(authorization);
        ({ authorization } = again);
        if (isChanged) {
          latest = versionOf(limitsOf(again));
          versions.push(latest);
        }
        return latest.asked;
      },
      of(decision) {
        const limit = limitIn(decision);
        const version = versions.findLast(({ asked }) => limit === undefined || asked.includes(limit));
        return (version ?? latest).limits;
      },
    };
  };
}

function versionOf(limits: readonly RequestLimit[]) {
  return { limits, asked: limits.map(({ limit }) => limit) };
}

/** A refusal may be from before the last change. */
function limitIn(decision: Decision): Limit | undefined {
  switch (decision.kind) {
    case 'admitted':
      return decision.states[0]?.limit;
    case 'limited':
      return decision.refused.limit;
    case 'unreadable':
      return decision.limit;
  }
}

/** Who a request acts for now. Where that cannot be found out, because something is away, who it acted for. */
export async function principalOrBefore(
  principalNow: () => Promise<TenantPrincipal>,
  before: TenantPrincipal,
): Promise<TenantPrincipal> {
  try {
    return await principalNow();
  } catch (error) {
    const isAway =
      error instanceof GatewayError && (error.code === 'store-unavailable' || error.code === 'issuer-unavailable');
    if (isAway) return before;
    throw error;
  }
}
