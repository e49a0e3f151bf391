import { done, readUserNames, refused, tenantIds, usageReach } from '@ccg/tenancy';
import type { Page, Result, UsageReach } from '@ccg/tenancy';
import { measures, usageRowKey } from '@ccg/usage';
import type { Measures, UsageDimension, UsageRow } from '@ccg/usage';
import { z } from 'zod';
import { readCursor, writeCursor } from '../cursor.ts';
import { operation } from '../operation.ts';
import type { AdminDependencies } from '../operation.ts';
import { pageOf, pageQuery } from '../schemas.ts';
import { dayQuery, daysOf } from '../usage-days.ts';

const dimensionOf = {
  day: 'day',
  user: 'user',
  'api-key': 'apiKey',
  model: 'model',
  session: 'session',
} as const satisfies Readonly<Record<string, UsageDimension>>;

const splits = Object.keys(dimensionOf).join('|');
const byError = `must be of ${Object.keys(dimensionOf).join(', ')}, with commas between them`;
const name = z.string().max(600, { error: 'must have at most 600 characters' }).optional();

const usageQuery = pageQuery.extend({
  tenant: z.string().optional().meta({ description: 'Left out: your own; for operators, all.' }),
  ...dayQuery,
  by: z
    .string()
    .regex(new RegExp(`^(?:${splits})(?:,(?:${splits}))*$`, 'u'), { error: byError })
    .optional()
    .meta({ description: `What it is split by: ${splits.replaceAll('|', ', ')}. Left out: by tenant alone.` }),
  user: name.meta({ description: 'The usage of this user alone.' }),
  apiKey: name.meta({ description: 'That of this API key alone.' }),
  model: name.meta({ description: 'That of this model alone, as `{provider}:{model}`.' }),
  session: name.meta({ description: 'That of this session alone.' }),
  format: z.enum(['json', 'jsonl', 'csv'], { error: 'must be json, jsonl or csv' }).optional().meta({
    description: 'jsonl, csv: all rows, one a line. Accept: application/jsonl or text/csv means the same.',
  }),
});

const count = z.int();

const usageRow = z
  .strictObject({
    tenant: z.string(),
    day: z.string().optional().meta({ description: 'In UTC.' }),
    user: z.string().optional().meta({ description: 'Left out for a service.' }),
    userName: z.string().optional(),
    apiKey: z.string().optional().meta({ description: 'Left out for a token (JWT).' }),
    model: z.string().optional().meta({ description: 'What answered, as `{provider}:{model}`.' }),
    session: z.string().optional().meta({ description: 'Left out for requests that named none.' }),
    other: z.literal(true).optional().meta({
      description: 'Set for all that had no row of its own, because a day had too many.',
    }),
    requests: count.meta({ description: 'To /v1/messages.' }),
    countRequests: count.meta({ description: 'To count_tokens.' }),
    failed: count.meta({ description: 'Requests of both kinds that ended neither well nor by their client.' }),
    inputTokens: count,
    outputTokens: count.meta({ description: 'With those of reasoning.' }),
    cacheReadTokens: count,
    cacheWriteTokens: count,
    reasoningTokens: count,
    costMicroDollars: count,
    durationMs: count.meta({ description: 'Of all requests together.' }),
  })
  .meta({ id: 'UsageRow', description: 'What was used, by day, user and so on, as it was asked for.' });

type UsageItem = z.output<typeof usageRow>;
type Query = z.output<typeof usageQuery>;

export const usageOperations = [
  operation({
    name: 'admin.usage.read',
    method: 'GET',
    path: '/usage',
    summary: 'Reads what was used: requests, tokens and money, split by day, user, API key, model or session.',
    scope: 'tenant:read, operator:read for all tenants, or self for one’s own',
    query: usageQuery,
    status: 200,
    answer: pageOf(usageRow),
    lines: usageRow,
    csv: ['tenant', 'day', 'user', 'userName', 'apiKey', 'model', 'session', 'other', ...measures],
    async handle({ actor, query }, deps) {
      const by = [
        ...new Set((query.by ?? '').split(',').flatMap((part) => (isSplit(part) ? [dimensionOf[part]] : []))),
      ];
      const isBySession = by.includes('session') || query.session !== undefined;
      const days = daysOf(query, { nowMs: deps.tenancy.clock.now(), daysMax: isBySession ? 31 : 400 });
      if (days.kind === 'refused') return days;
      const reach = await usageReach(deps.tenancy, actor, { tenant: query.tenant });
      if (reach.kind === 'refused') return reach;
      return await readPage({ query, by, days: days.value, reach: reach.value }, deps);
    },
  }),
];

function isSplit(text: string): text is keyof typeof dimensionOf {
  return text in dimensionOf;
}

interface Asked {
  readonly query: Query;
  readonly by: readonly UsageDimension[];
  readonly days: { readonly from: string; readonly to: string };
  readonly reach: UsageReach;
}

async function readPage(asked: Asked, deps: AdminDependencies): Promise<Result<Page<UsageItem>>> {
  const { query, by, days, reach } = asked;
  const { limit = 50, cursor } = query;
  const after = readCursor(cursor);
  if (after === undefined) {
    return refused({
      kind: 'invalid',
      issues: [{ path: ['cursor'], message: 'is not one that a page of this list gave' }],
    });
  }
  const own: { readonly user?: string; readonly apiKey?: string } = reach.kind === 'own' ? reach.of : {};
  if (isOthers(own.user, query.user)) return refused({ kind: 'unknown', subject: 'user' });
  if (isOthers(own.apiKey, query.apiKey)) return refused({ kind: 'unknown', subject: 'api-key' });
  const { user, apiKey, model, session } = { ...query, ...own };
  const [afterTenant = '', ...afterKey] = after;
  const found: { readonly tenant: string; readonly row: UsageRow }[] = [];
  for await (const tenant of tenantsOf(reach, deps)) {
    if (tenant < afterTenant || found.length > limit) continue;
    const of = { user, apiKey, model, session };
    const rows = await deps.usage.rowsOf({ tenant, ...days, by, of }, cursor === undefined);
    const isShown = (row: UsageRow) => tenant !== afterTenant || isAfter(usageRowKey(row, by), afterKey);
    found.push(
      ...rows
        .filter(isShown)
        .slice(0, limit + 1)
        .map((row) => ({ tenant, row })),
    );
  }
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const hasMore = found.length > limit && last !== undefined;
  return done({
    items: await withNames(shown, deps),
    nextCursor: hasMore ? writeCursor([last.tenant, ...usageRowKey(last.row, by)]) : undefined,
  });
}

/** Whether something is asked for that is not the caller's, who sees their own alone. */
function isOthers(own: string | undefined, asked: string | undefined): boolean {
  return own !== undefined && asked !== undefined && own !== asked;
}

async function* tenantsOf(reach: UsageReach, { tenancy }: AdminDependencies): AsyncGenerator<string> {
  if (reach.kind === 'all-tenants') yield* tenantIds(tenancy.store);
  else yield reach.tenant.id;
}

/** Both are as long as the query has dimensions, unless the cursor is of another query. */
function isAfter(key: readonly string[], other: readonly string[]): boolean {
  const at = key.findIndex((part, index) => part !== other[index]);
  return at !== -1 && (key[at] ?? '') > (other[at] ?? '');
}

async function withNames(
  found: readonly { readonly tenant: string; readonly row: UsageRow }[],
  { tenancy }: AdminDependencies,
): Promise<UsageItem[]> {
  const names = new Map<string, ReadonlyMap<string, string>>();
  for (const tenant of new Set(found.map((one) => one.tenant))) {
    const users = found.flatMap(({ tenant: of, row: { where } }) => (of === tenant && where.user ? [where.user] : []));
    names.set(tenant, await readUserNames(tenancy, tenant, [...new Set(users)]));
  }
  return found.map(({ tenant, row }) => itemOf(tenant, row, names.get(tenant)?.get(row.where.user ?? '')));
}

function itemOf(tenant: string, { where, isOther, ...counted }: UsageRow, userName: string | undefined): UsageItem {
  const given = Object.fromEntries(Object.entries(where).filter(([, value]) => value !== ''));
  const numbers: Measures = counted;
  return {
    tenant,
    ...given,
    ...(userName === undefined ? {} : { userName }),
    ...(isOther ? { other: true } : {}),
    ...numbers,
  };
}
