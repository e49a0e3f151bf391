import type { ReadBudgets } from '@ccg/admission';
import { expectedCost, resolveRoute } from '@ccg/catalog';
import type { Catalog, RouteRequest, Targets } from '@ccg/catalog';
import { GatewayError, nameOfLimit } from '@ccg/kernel';
import type { TenantPrincipal } from '@ccg/tenancy';
import type { Digest } from './estimate-prompt.ts';
import { timeText } from './limit-headers.ts';
import { whoseOf } from './limit-subjects.ts';
import { budgetsOfCaller } from './request-limits.ts';

/** What the items of a batch ask one model for, all together. */
interface ModelWork {
  readonly model: string;
  readonly items: number;
  readonly bytes: number;
  readonly maxTokens: number;
}

/** A batch that is to be created. */
interface BatchWork {
  readonly principal: TenantPrincipal;
  readonly prefix: RouteRequest['prefix'];
  readonly demand: readonly ModelWork[];
}

/**
 * Refuses a batch whose estimated cost is more than a budget of its caller has left, and gives that cost in micro-dollars.
 * Nothing is reserved: each item is when it runs. Rejects with GatewayError `budget-exceeded`, or with StoreUnavailableError.
 */
export type JudgeBatch = (work: BatchWork) => Promise<number>;

interface JudgeDependencies {
  readonly readBudgets: ReadBudgets;
  readonly catalog: Catalog;
  readonly targets: Targets;
  readonly digest: Digest;
}

export function createJudgeBatch({ readBudgets, catalog, targets, digest }: JudgeDependencies): JudgeBatch {
  return async ({ principal, prefix, demand }) => {
    const budgets = budgetsOfCaller({ principal, session: undefined }, digest);
    const cost = demand.reduce((sum, work) => sum + costOf(work, prefix, { catalog, targets }), 0);
    if (budgets.length === 0) return cost;
    const states = await readBudgets(
      principal.tenant,
      budgets.map(({ limit }) => limit),
    );
    for (const { limit, usedMicroDollars, resetsAtMs } of states) {
      const left = Math.max(0, limit.amountMicroDollars - usedMicroDollars);
      const rule = budgets.find((one) => one.limit === limit)?.rule;
      if (rule === undefined || cost <= left) continue;
      const whose = whoseOf(rule.level, principal, '');
      throw new GatewayError(
        'budget-exceeded',
        `The batch may cost ${dollars(cost)}, but the budget of $${rule.amount} per ${rule.per} for ${whose} has ${dollars(left)} left ` +
          `until ${timeText(resetsAtMs)}. Create a smaller batch, or ask ${principal.authorization.contact} if you need more.`,
        { reason: nameOfLimit(rule) },
      );
    }
    return cost;
  };
}

const bytesPerToken = 4;
/** What an answer is taken for that may be longer: hardly one is. */
const usualAnswerTokens = 4096;

/** What goes to no model costs nothing: such an item ends with an error. */
function costOf(
  { model, items, bytes, maxTokens }: ModelWork,
  prefix: RouteRequest['prefix'],
  { catalog, targets }: Pick<JudgeDependencies, 'catalog' | 'targets'>,
): number {
  let price;
  try {
    [{ price }] = resolveRoute(catalog, targets, { model, prefix }).targets;
  } catch (error) {
    if (error instanceof GatewayError) return 0;
    throw error;
  }
  const { inputMicroDollars, microDollarsPerOutputToken } = expectedCost(
    Math.ceil(bytes / items / bytesPerToken),
    price,
    // How the items mark what a cache is to keep is not known here.
    '1h',
  );
  const outputTokens = Math.min(maxTokens, items * usualAnswerTokens);
  return Math.ceil(items * inputMicroDollars + outputTokens * microDollarsPerOutputToken);
}

function dollars(microDollars: number): string {
  return `$${(microDollars / 1_000_000).toFixed(2)}`;
}
