import { wholeTenant } from '@ccg/admission';
import type { Limit } from '@ccg/admission';
import type { Target } from '@ccg/catalog';
import { assertNever, nameOfLimit } from '@ccg/kernel';
import type { BudgetRule, LimitLevel, LimitRule, Reservation } from '@ccg/kernel';
import type { TenantPrincipal } from '@ccg/tenancy';
import type { Digest } from './estimate-prompt.ts';

/** What is asked for: an answer of a model, or a count of tokens. */
export type LimitedWork = {
  readonly target: Target;
  /** The model as the client named it. */
  readonly requestedModel: string;
} & (
  | { readonly kind: 'message'; readonly bodyBytes: number; readonly maxTokens: number | undefined }
  | { readonly kind: 'count' }
);

type ServedLevel = Exclude<LimitLevel, 'group' | 'session'>;
/** Budgets, groups, sessions and shadow limits can be configured, and are not counted yet. */
export type ServedRule = Exclude<LimitRule, BudgetRule> & { readonly level: ServedLevel };

function isServed(rule: LimitRule): rule is ServedRule {
  return rule.kind !== 'budget' && rule.level !== 'group' && rule.level !== 'session' && rule.mode !== 'shadow';
}

/** A limit of one request, with the rule that it comes from and whose use it counts, in words. */
export interface RequestLimit {
  readonly rule: ServedRule;
  readonly limit: Limit;
  /** `user ada` */
  readonly whose: string;
}

const none: readonly RequestLimit[] = [];

/** The limits of the tenant that this request counts for. */
export function limitsOfRequest(
  principal: TenantPrincipal,
  work: LimitedWork,
  digest: Digest,
): readonly RequestLimit[] {
  const { limits } = principal.authorization;
  if (limits.length === 0) return none;
  return limits
    .filter(isServed)
    .filter(({ kind }) => (kind === 'count_requests') === (work.kind === 'count'))
    .map((rule) => {
      const { subject, whose } = subjectOf(rule.level, principal, work, digest);
      return { rule, whose, limit: toLimit(rule, subject, work) };
    });
}

function toLimit(rule: ServedRule, subject: string, work: LimitedWork): Limit {
  const { amount } = rule;
  const frame = { name: nameOfLimit(rule), subject, mode: 'enforce', onStoreError: 'local' } as const;
  const rate = (cost: number): Limit => {
    return { ...frame, kind: 'rate', capacity: amount, refillPerSecond: amount / 60, cost, costPerOutputToken: 0 };
  };
  switch (rule.kind) {
    case 'requests':
    case 'count_requests':
      return rate(1);
    case 'input_tokens':
      return rate(rule.reserve === 'none' ? 0 : estimatedInput(work));
    case 'output_tokens':
      return rate(reservedOutput(rule.reserve, work));
    case 'concurrency':
      return { ...frame, kind: 'concurrency', maxRunning: amount };
    default:
      return assertNever(rule);
  }
}

const bytesPerToken = 4;
/** Of a model whose window is not known. */
const usualWindowTokens = 200_000;
/** Clients ask for room that answers seldom use. */
const usualAnswerMaxTokens = 4096;

/**
 * The prompt by the size of its body, which is known before anything in it is read: a request that a limit refuses costs
 * no more. An image is larger than what it counts for, so no prompt is taken for larger than the window of its model.
 */
export function estimatedInput(work: LimitedWork): number {
  if (work.kind === 'count') return 0;
  const windowTokens = work.target.limits.contextTokens ?? usualWindowTokens;
  return Math.min(Math.ceil(work.bodyBytes / bytesPerToken), windowTokens);
}

function reservedOutput(reserve: Reservation = 'estimate', work: LimitedWork): number {
  const maxTokens = work.kind === 'count' ? 0 : (work.maxTokens ?? usualAnswerMaxTokens);
  switch (reserve) {
    case 'none':
      return 0;
    case 'estimate':
      return Math.min(maxTokens, usualAnswerMaxTokens);
    case 'max_tokens':
      return maxTokens;
    default:
      return assertNever(reserve);
  }
}

interface Counted {
  /** Names the counter within the tenant. What a client may choose is in it as a digest. */
  readonly subject: string;
  readonly whose: string;
}

/** A service has no user: a limit on each user counts each of its API keys. */
function subjectOf(level: ServedLevel, principal: TenantPrincipal, work: LimitedWork, digest: Digest): Counted {
  switch (level) {
    case 'tenant':
      return { subject: wholeTenant, whose: `tenant ${principal.tenant}` };
    case 'user':
      if (principal.user !== undefined) {
        return { subject: `user:${principal.user}`, whose: `user ${principal.userName ?? principal.user}` };
      }
      return { ...ofCredential(principal), subject: `user:${ofCredential(principal).subject}` };
    case 'api-key':
      return ofCredential(principal);
    case 'model':
      return {
        subject: `model:${digest(Buffer.from(work.target.key))}`,
        whose: `model ${work.requestedModel}`,
      };
    default:
      return assertNever(level);
  }
}

/** Tokens are renewed every few minutes: all of one user's count as one API key. */
function ofCredential(principal: TenantPrincipal): Counted {
  switch (principal.kind) {
    case 'api-key':
      return { subject: `api-key:${principal.apiKeyId}`, whose: `API key ${principal.apiKeyName}` };
    case 'token':
      return { subject: `api-key:tokens-of:${principal.user}`, whose: `the tokens of user ${principal.userName}` };
    default:
      return assertNever(principal);
  }
}
