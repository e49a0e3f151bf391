import { assertNever, GatewayError } from '@ccg/kernel';
import { done, refused, tenantIds, usageReach } from '@ccg/tenancy';
import type { Actor, OwnUsage, UsageReach } from '@ccg/tenancy';
import { findRefusal, readRecentRefusals, tryFates } from '@ccg/usage';
import type { UsageRecord } from '@ccg/usage';
import { z } from 'zod';
import { operation } from '../operation.ts';
import type { AdminDependencies } from '../operation.ts';
import { callerOf, limitRefusal, ownOf, shownRefusal, usageRecord } from '../usage-records.ts';

const explanation = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('refused'),
      tenant: z.string(),
      refusal: limitRefusal,
      contact: z.string().meta({ description: 'Whom a developer asks.' }),
    }),
    z.strictObject({ kind: z.enum(['running', 'ended']), tenant: z.string(), record: usageRecord }),
    z.strictObject({
      kind: z.literal('try').meta({ description: 'A try of an item of a batch that was not charged.' }),
      tenant: z.string(),
      record: usageRecord,
      refusal: limitRefusal
        .optional()
        .meta({ description: 'Of the same batch, the newest: where a limit refused the try.' }),
      fate: z.enum(tryFates).meta({
        description:
          '`again`: the item is tried again. `result`: its error is the result of the item. `void`: the item had another result, or its batch had ended.',
      }),
    }),
  ])
  .meta({ id: 'Explanation', description: 'What became of a request.' });

export const requestOperations = [
  operation({
    name: 'admin.requests.explain',
    method: 'GET',
    path: '/requests/{request}',
    summary: 'Says what became of a request: which limit refused it, whether its session was killed, or what it used.',
    scope: 'tenant:read, or self for one’s own',
    query: z.strictObject({
      tenant: z.string().optional().meta({ description: 'Left out: your own; for operators, all are looked through.' }),
    }),
    status: 200,
    answer: explanation,
    async handle({ actor, params, query }, deps) {
      const reach = await usageReach(deps.tenancy, actor, query);
      if (reach.kind === 'refused') return reach;
      return await explain(actor, { requestId: params.request, reach: reach.value }, deps);
    },
  }),
];

/** Operators look through so many tenants; more would keep Redis busy. */
const tenantsMax = 50;

async function explain(
  actor: Actor,
  { requestId, reach }: { readonly requestId: string; readonly reach: UsageReach },
  deps: AdminDependencies,
) {
  let looked = 0;
  for await (const id of reach.kind === 'all-tenants' ? tenantIds(deps.tenancy.store) : [reach.tenant.id]) {
    if ((looked += 1) > tenantsMax) {
      const message = `is required: there are more than ${tenantsMax} tenants to look through`;
      return refused({ kind: 'invalid', issues: [{ path: ['tenant'], message }] });
    }
    const found = await explainOf(actor, { tenant: id, requestId, of: ownOf(reach) }, deps);
    if (found !== undefined) return done(found);
  }
  throw new GatewayError('unknown', unknownRequest);
}

const unknownRequest =
  'No limit refused a request of this id, and none was admitted. Check the id (the header `request-id` of the answer) and ' +
  'the tenant. Refusals are kept for 24 hours, the last 50 of each user; usage for 30 days unless USAGE_RECORD_DAYS says otherwise; tries of items of batches for 24 hours, the last 10,000 of a tenant. What was refused for its ' +
  'credential or its model is in `ccg audit` and in the log of the gateway.';

interface Question {
  readonly tenant: string;
  readonly requestId: string;
  readonly of: OwnUsage | undefined;
}

async function explainOf(actor: Actor, { tenant: id, requestId, of }: Question, deps: AdminDependencies) {
  const { tenancy, usage, supportContact } = deps;
  const refusal = await findRefusal(tenancy, { tenant: id, caller: callerOf(of), requestId });
  if (refusal !== undefined) {
    const reach = await usageReach(tenancy, actor, { tenant: id });
    const own = reach.kind === 'done' && reach.value.kind !== 'all-tenants' ? reach.value.tenant.contact : undefined;
    return { kind: 'refused', tenant: id, refusal: shownRefusal(refusal), contact: own ?? supportContact } as const;
  }
  const found = await usage.findRecord({ tenant: id, requestId });
  switch (found.kind) {
    case 'running':
    case 'ended':
    case 'try': {
      const { record } = found;
      const caller = record.user ?? record.apiKey;
      if (callerOf(of) !== undefined && callerOf(of) !== caller) return undefined;
      if (found.kind !== 'try') return { tenant: id, ...found } as const;
      return { tenant: id, ...found, refusal: await refusalOfTry(deps, { tenant: id, caller, record }) } as const;
    }
    case 'unknown':
      return undefined;
    case 'busy':
      throw new GatewayError('rate-limited', busyLooking, { retryAfterSeconds: 5, reason: 'requests-explained' });
    default:
      return assertNever(found);
  }
}

/** Of the tries that a limit refuses again and again, one an hour is kept with its limit. */
async function refusalOfTry(
  { tenancy }: AdminDependencies,
  {
    tenant,
    caller,
    record,
  }: { readonly tenant: string; readonly caller: string | undefined; readonly record: UsageRecord },
) {
  if (record.batch === undefined || !record.outcome.startsWith('policy_')) return undefined;
  const recent = await readRecentRefusals(tenancy, { tenant, caller });
  const refusal = recent.find(({ batch }) => batch === record.batch);
  return refusal === undefined ? undefined : shownRefusal(refusal);
}

const busyLooking = 'Too many requests are looked for at the same time. Try again in 5 s.';
