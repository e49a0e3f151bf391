import { assertNever, GatewayError } from '@ccg/kernel';
import { done, listTenants, refused, tenantIds, usageReach } from '@ccg/tenancy';
import type { Actor, OwnUsage, Result, TenantRecord, UsageReach } from '@ccg/tenancy';
import { findRefusal, readRecentRefusals, readRefusalsByCaller, readRefusalsByMinute } from '@ccg/usage';
import type { LimitRefusal, RefusalCountQuery } from '@ccg/usage';
import { z } from 'zod';
import { readCursor, writeCursor } from '../cursor.ts';
import { operation } from '../operation.ts';
import type { AdminDependencies } from '../operation.ts';
import { pageOf, pageQuery } from '../schemas.ts';
import { dayQuery, daysOf } from '../usage-days.ts';
import { limitRefusal, usageRecord } from '../usage-records.ts';

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

const explanation = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('refused'),
      tenant: z.string(),
      refusal: limitRefusal,
      contact: z.string().meta({ description: 'Whom a developer asks.' }),
    }),
    z.strictObject({ kind: z.enum(['running', 'ended']), tenant: z.string(), record: usageRecord }),
  ])
  .meta({ id: 'Explanation', description: 'What became of a request.' });

export const refusalOperations = [
  operation({
    name: 'admin.requests.explain',
    method: 'GET',
    path: '/requests/{request}',
    summary: 'Says what became of a request: which limit refused it, or what it used.',
    scope: 'tenant:read, or self for one’s own',
    query: z.strictObject({
      tenant: tenant.meta({ description: 'Left out: your own; for operators, all are looked through.' }),
    }),
    status: 200,
    answer: explanation,
    async handle({ actor, params, query }, deps) {
      const reach = await usageReach(deps.tenancy, actor, query);
      if (reach.kind === 'refused') return reach;
      return await explain(actor, { requestId: params.request, reach: reach.value }, deps);
    },
  }),
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
      return pageFrom(recent.map(shown), query);
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

function ownOf(reach: UsageReach): OwnUsage | undefined {
  return reach.kind === 'own' ? reach.of : undefined;
}

/** Refusals are kept by user, and by API key where there is none. */
function callerOf(of: OwnUsage | undefined): string | undefined {
  if (of === undefined) return undefined;
  return 'user' in of ? of.user : of.apiKey;
}

/** A list that is read whole, page by page. */
function pageFrom<Item>(
  items: readonly Item[],
  { limit = 50, cursor }: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
) {
  const [text = '0'] = readCursor(cursor) ?? [''];
  if (!/^\d{1,9}$/u.test(text)) {
    return refused({
      kind: 'invalid',
      issues: [{ path: ['cursor'], message: 'is not one that a page of this list gave' }],
    });
  }
  const end = Number(text) + limit;
  return done({
    items: items.slice(Number(text), end),
    nextCursor: end < items.length ? writeCursor([String(end)]) : undefined,
  });
}

/** With ISO times, as everything that the API shows. */
function shown({ atMs, state, retryAfterMs, ...refusal }: LimitRefusal) {
  const { resetsAtMs, ...values } = state;
  return {
    at: isoTime(atMs),
    ...refusal,
    state: { ...values, resetsAt: resetsAtMs === undefined ? undefined : isoTime(resetsAtMs) },
    clearsAt: isoTime(atMs + retryAfterMs),
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

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
  'the tenant. Refusals are kept for 24 hours, the last 50 of each user; usage for 30 days. What was refused for its ' +
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
    return { kind: 'refused', tenant: id, refusal: shown(refusal), contact: own ?? supportContact } as const;
  }
  const found = await usage.findRecord({ tenant: id, requestId });
  switch (found.kind) {
    case 'running':
    case 'ended':
      if (callerOf(of) !== undefined && callerOf(of) !== (found.record.user ?? found.record.apiKey)) return undefined;
      return { kind: found.kind, tenant: id, record: found.record } as const;
    case 'unknown':
      return undefined;
    case 'busy':
      throw new GatewayError('rate-limited', busyLooking, { retryAfterSeconds: 5, reason: 'requests-explained' });
    default:
      return assertNever(found);
  }
}

const busyLooking = 'Too many requests are looked for at the same time. Try again in 5 s.';
