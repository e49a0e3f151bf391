import { done, listTenants, refused, usageReach } from '@ccg/tenancy';
import type { Actor, OwnUsage, Result, TenantRecord } from '@ccg/tenancy';
import { readRecentRefusals, readRefusalsByCaller, readRefusalsByMinute } from '@ccg/usage';
import type { RefusalCountQuery } from '@ccg/usage';
import { z } from 'zod';
import { pageFrom } from '../cursor.ts';
import { operation } from '../operation.ts';
import type { AdminDependencies } from '../operation.ts';
import { pageOf, pageQuery } from '../schemas.ts';
import { dayQuery, daysOf } from '../usage-days.ts';
import { callerOf, limitRefusal, ownOf, shownRefusal } from '../usage-records.ts';

const tenant = z.string().optional().meta({ description: 'Left out: your own; for operators, the only one.' });
const mode = z.enum(['enforce', 'shadow'], { error: 'must be enforce or shadow' });
const format = z.enum(['json', 'jsonl'], { error: 'must be json or jsonl' }).optional().meta({
  description: 'jsonl: all from the cursor on, one a line. Accept: application/jsonl means the same.',
});
const countQuery = pageQuery.extend({ tenant, ...dayQuery, mode: mode.optional(), format });

const refusalsOfCaller = z
  .strictObject({
    mode,
    limit: z
      .string()
      .optional()
      .meta({ description: 'Its name. Left out, as all below: those that had no row of their own.' }),
    level: z.string().optional(),
    kind: z.string().optional(),
    user: z.string().optional().meta({ description: 'Left out for a service.' }),
    userName: z.string().optional(),
    apiKey: z.string().optional().meta({ description: 'Left out for a token (JWT).' }),
    count: z.int(),
  })
  .meta({ id: 'RefusalsOfCaller', description: 'How often a limit refused a caller, or would have.' });

const refusalsOfMinute = z
  .strictObject({
    at: z.string().meta({ description: 'The beginning of the minute.' }),
    mode,
    limit: z.string().optional().meta({ description: 'Left out: of a day, those that had no row of their own.' }),
    count: z.int(),
  })
  .meta({ id: 'RefusalsOfMinute', description: 'How often a limit refused in a minute, or would have.' });

export const refusalOperations = [
  operation({
    name: 'admin.refusals.list',
    method: 'GET',
    path: '/refusals',
    summary:
      'Lists what limits refused in the last 24 hours, newest first: the last 50 of each user, 1,000 of a tenant.',
    scope: 'tenant:read, or self for one’s own',
    query: pageQuery.extend({
      tenant,
      user: z.string().optional().meta({ description: 'Those of this user, or of the API key of a service, alone.' }),
      format,
    }),
    status: 200,
    answer: pageOf(limitRefusal),
    lines: limitRefusal,
    async handle({ actor, query }, deps) {
      const reach = await oneTenant(actor, { tenant: query.tenant, own: true }, deps);
      if (reach.kind === 'refused') return reach;
      const { tenant: record, of } = reach.value;
      const own = callerOf(of);
      if (own !== undefined && query.user !== undefined && query.user !== own) {
        return refused({ kind: 'unknown', subject: 'user' });
      }
      const recent = await readRecentRefusals(deps.tenancy, { tenant: record.id, caller: own ?? query.user });
      return pageFrom(recent.map(shownRefusal), query);
    },
  }),
  operation({
    name: 'admin.refusals.callers',
    method: 'GET',
    path: '/refusals/callers',
    summary: 'Reads whom limits refused, or would have in shadow mode, by which limit and how often.',
    scope: 'tenant:read',
    query: countQuery,
    status: 200,
    answer: pageOf(refusalsOfCaller),
    lines: refusalsOfCaller,
    handle: ({ actor, query }, deps) =>
      counts({ actor, query, daysMax: 31 }, deps, (asked) => readRefusalsByCaller(deps.tenancy.store, asked)),
  }),
  operation({
    name: 'admin.refusals.minutes',
    method: 'GET',
    path: '/refusals/minutes',
    summary: 'Reads when limits refused, or would have in shadow mode, by the minute; at most two days at once.',
    scope: 'tenant:read',
    query: countQuery,
    status: 200,
    answer: pageOf(refusalsOfMinute),
    lines: refusalsOfMinute,
    handle: ({ actor, query }, deps) =>
      counts({ actor, query, daysMax: 2 }, deps, (asked) => readRefusalsByMinute(deps.tenancy.store, asked)),
  }),
];

interface CountCall {
  readonly actor: Actor;
  readonly query: z.output<typeof countQuery>;
  readonly daysMax: number;
}

async function counts<Row>(
  { actor, query, daysMax }: CountCall,
  deps: AdminDependencies,
  read: (asked: RefusalCountQuery) => Promise<readonly Row[]>,
) {
  const days = daysOf(query, { nowMs: deps.tenancy.clock.now(), daysMax });
  if (days.kind === 'refused') return days;
  const reach = await oneTenant(actor, { tenant: query.tenant, own: false }, deps);
  if (reach.kind === 'refused') return reach;
  return pageFrom(await read({ tenant: reach.value.tenant.id, ...days.value, mode: query.mode }), query);
}

interface TenantReach {
  readonly tenant: TenantRecord;
  /** Set for who sees their own alone. */
  readonly of: OwnUsage | undefined;
}

/** The tenant that is named, else the caller's own, else the only one that there is. */
async function oneTenant(
  actor: Actor,
  asked: { readonly tenant: string | undefined; readonly own: boolean },
  { tenancy }: AdminDependencies,
): Promise<Result<TenantReach>> {
  const result = await usageReach(tenancy, actor, asked);
  if (result.kind === 'refused') return result;
  const { value: reach } = result;
  if (reach.kind !== 'all-tenants') return done({ tenant: reach.tenant, of: ownOf(reach) });
  const tenants = await listTenants(tenancy, actor, { limit: 1 });
  if (tenants.kind === 'refused') return tenants;
  const {
    items: [only],
    nextCursor,
  } = tenants.value;
  if (only !== undefined && nextCursor === undefined) return done({ tenant: only, of: undefined });
  return refused({ kind: 'invalid', issues: [{ path: ['tenant'], message: 'is required: there is not just one' }] });
}
