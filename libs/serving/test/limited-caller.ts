import type { BudgetLimit, BudgetState } from '@ccg/admission';
import { catalogFromEnv, createTargets, resolveRoute } from '@ccg/catalog';
import type { Target } from '@ccg/catalog';
import type { BudgetRule, LimitRule } from '@ccg/kernel';
import type { TenantPrincipal } from '@ccg/tenancy';
import { budgetsOfCaller, limitsOfRequest } from '../src/request-limits.ts';
import type { LimitedWork, RequestLimit } from '../src/request-limits.ts';

/** Ada of the group platform, with an API key of her own. */
export function ada(limits: readonly LimitRule[], change: Partial<TenantPrincipal> = {}): TenantPrincipal {
  const authorization = {
    scopes: ['messages', 'self'],
    policy: { kind: 'allow-all' },
    limits,
    timeZone: 'Europe/Berlin',
    contact: '#claude on Slack',
  } as const;
  const user = { user: 'usr_ada', userName: 'ada', group: 'platform', waitingWeight: 1 };
  const apiKey = { kind: 'api-key', apiKeyId: 'key_1', apiKeyName: 'laptop', expiresAtMs: undefined } as const;
  return { tenant: 'acme', ...user, ...apiKey, authorization, ...change } as TenantPrincipal;
}

/** Digests that can be read. */
export const openDigest = (bytes: Uint8Array) => `<${Buffer.from(bytes).toString('utf8')}>`;

const environment = {
  ANTHROPIC_API_KEY: 'sk-ant-x',
  OPENAI_API_KEY: 'sk-x',
  GEMINI_API_KEY: 'x',
  PREFERRED_PROVIDER: 'anthropic',
};

/** A target whose price is the list's: $2 per million tokens of input, $10 of output, twice as much kept for an hour. */
export function pricedTarget(model = 'claude-sonnet-5-5', provider = 'anthropic'): Target {
  const made = catalogFromEnv(environment);
  if (made.kind === 'faulty') throw new Error(made.problems.join('\n'));
  const { catalog } = made;
  const route = resolveRoute(catalog, createTargets(catalog), { model, prefix: { provider, model } });
  return route.targets[0];
}

export function messageWork(change: Partial<Extract<LimitedWork, { kind: 'message' }>> = {}): LimitedWork {
  const asked = {
    traffic: 'interactive',
    requestedModel: 'opus',
    stream: true,
    bodyBytes: 4000,
    maxTokens: 32_000,
    marks: 'none',
  } as const;
  return { kind: 'message', targets: [pricedTarget()], ...asked, ...change };
}

/** The limits of one of Ada's requests. */
export function limitsOf(...rules: readonly LimitRule[]): readonly RequestLimit[] {
  return limitsOfRequest({ principal: ada(rules), session: undefined }, messageWork(), openDigest);
}

export const berlinMidnightMs = Date.UTC(2026, 10, 28, 23);

/** A budget of which so many dollars are used. */
export function budgetState(
  rule: BudgetRule,
  usedDollars: number,
  resetsAtMs = berlinMidnightMs,
): BudgetState & { readonly limit: BudgetLimit } {
  const [budget] = budgetsOfCaller({ principal: ada([rule]), session: 's' }, openDigest);
  if (budget === undefined) throw new Error('The rule is no budget of Ada.');
  const usedMicroDollars = Math.round(usedDollars * 1_000_000);
  return { limit: budget.limit, usedMicroDollars, startsAtMs: resetsAtMs - 86_400_000, resetsAtMs };
}

export function budget(amount: number, change: Partial<BudgetRule> = {}): BudgetRule {
  return { level: 'user', kind: 'budget', amount, per: 'day', ...change };
}
