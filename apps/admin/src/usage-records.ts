import type { OwnUsage, UsageReach } from '@ccg/tenancy';
import type { LimitRefusal } from '@ccg/usage';
import { z } from 'zod';

/** A limit that refused a request, with its values then. */
export const limitRefusal = z
  .strictObject({
    at: z.string(),
    requestId: z.string(),
    user: z.string().optional().meta({ description: 'Left out for a service.' }),
    userName: z.string().optional(),
    apiKey: z.string().optional().meta({ description: 'Left out for a token (JWT).' }),
    session: z.string().optional(),
    model: z.string().optional().meta({ description: 'As it was asked for.' }),
    batch: z.string().optional().meta({
      description: 'Of an item of a batch. Of the items that one limit refuses, one an hour is here.',
    }),
    batchIndex: z.int().optional(),
    limit: z.string().meta({ description: 'The name of the limit.' }),
    level: z.string(),
    kind: z
      .string()
      .meta({ description: 'What it counts; `killed` for a session that was killed.', example: 'input_tokens' }),
    subject: z.string().meta({ description: 'Whose use it counts.' }),
    mode: z.enum(['enforce', 'shadow']),
    amount: z.number().meta({ description: 'As it is configured; of a budget in dollars.' }),
    per: z.string().optional(),
    state: z.strictObject({
      remaining: z.number().optional(),
      fullInMs: z.number().optional(),
      usedMicroDollars: z.number().optional().meta({ description: 'With what running requests have reserved.' }),
      resetsAt: z.string().optional(),
    }),
    clearsAt: z.string().meta({ description: 'When it would allow the request.' }),
  })
  .meta({ id: 'LimitRefusal', description: 'A limit that refused a request, with its values then.' });

/** With ISO times, as everything that the API shows. */
export function shownRefusal({ atMs, state, retryAfterMs, ...refusal }: LimitRefusal) {
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

const count = z.int();

/** The usage record of one admitted request. */
export const usageRecord = z
  .strictObject({
    v: z.literal(1),
    id: z.string(),
    at: z.string().meta({ description: 'When it ended; while it runs, when it began.' }),
    user: z.string().optional(),
    userName: z.string().optional(),
    apiKey: z.string().optional(),
    group: z.string().optional(),
    session: z.string().optional(),
    agent: z.string().optional(),
    parentAgent: z.string().optional(),
    endpoint: z.enum(['messages', 'count_tokens']),
    requestedModel: z.string(),
    provider: z.string().optional(),
    model: z.string().optional(),
    dialect: z.string().optional(),
    stream: z.boolean(),
    outcome: z.string().meta({ example: 'ok' }),
    inputTokens: count,
    outputTokens: count,
    cacheReadTokens: count,
    cacheWriteTokens: count,
    reasoningTokens: count,
    usageSource: z.enum(['none', 'reported', 'estimated']),
    costMicroDollars: count,
    priceBasis: z.string().optional(),
    durationMs: count,
    firstEventMs: count.optional(),
    attempts: count,
    batch: z.string().optional(),
    batchIndex: count.optional(),
  })
  .meta({ id: 'UsageRecord', description: 'What one request used.' });

/** Whose usage a caller sees who does not see all of the tenant. */
export function ownOf(reach: UsageReach): OwnUsage | undefined {
  return reach.kind === 'own' ? reach.of : undefined;
}

/** Refusals are kept by user, and by API key where there is none. */
export function callerOf(of: OwnUsage | undefined): string | undefined {
  if (of === undefined) return undefined;
  return 'user' in of ? of.user : of.apiKey;
}
