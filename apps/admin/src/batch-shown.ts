import { waitReasons } from '@ccg/batches';
import type { Batch, BatchProgress } from '@ccg/batches';
import { z } from 'zod';

const count = z.int();
const time = z.string();

/** A batch with how far it is. The API of Anthropic tells counts only at the end. */
export const batchRecord = z
  .strictObject({
    id: z.string(),
    tenant: z.string(),
    user: z.string().optional().meta({ description: 'Who created it. Left out for a service.' }),
    userName: z.string().optional(),
    apiKey: z
      .string()
      .optional()
      .meta({ description: 'The id of the one that created it. Left out for a token (JWT).' }),
    status: z.enum(['in_progress', 'canceling', 'ended']),
    counts: z
      .strictObject({
        total: count,
        waiting: count.meta({ description: 'For their turn, or for another try.' }),
        running: count,
        succeeded: count,
        errored: count,
        canceled: count,
        expired: count,
      })
      .meta({ description: 'Items. Those that wait, run and have ended are the total.' }),
    waitsFor: z
      .strictObject({
        reason: z.enum(waitReasons).meta({ description: 'gateway: it drains, or its store is away.' }),
        name: z.string().optional().meta({ description: 'Of the limit, the budget or the provider.' }),
        until: time.meta({
          description:
            'When the next try is; of a budget when it begins anew, though it is tried before, since it may be raised.',
        }),
      })
      .optional()
      .meta({
        description: 'What the item waits for that was tried last. Left out where items wait for their turn alone.',
      }),
    models: z
      .array(z.strictObject({ model: z.string(), items: count }))
      .meta({ description: 'As they were asked for.' }),
    inputBytes: count,
    estimatedCostMicroDollars: count.optional().meta({
      description: 'Of all items, at the creation. What has no price is counted as 0.',
    }),
    createdAt: time,
    startedAt: time.optional().meta({ description: 'When its first item ran.' }),
    expiresAt: time.meta({ description: 'What has no result by then gets none.' }),
    cancelInitiatedAt: time.optional(),
    endedAt: time.optional(),
    archivesAt: time.meta({ description: 'When its results are removed.' }),
    archivedAt: time.optional().meta({ description: 'When its results were removed.' }),
  })
  .meta({ id: 'Batch', description: 'A message batch, with how far it is.' });

export type ShownBatch = Readonly<z.input<typeof batchRecord>>;

/** A batch as the API shows it. */
export function shownBatch(
  batch: Batch,
  { wait, ...progress }: BatchProgress,
  userName: string | undefined,
): ShownBatch {
  const { record, status, counts } = batch;
  const { credential } = record;
  return {
    id: record.id,
    tenant: record.tenant,
    user: credential.user,
    userName,
    apiKey: credential.kind === 'api-key' ? credential.apiKeyId : undefined,
    status,
    counts: { total: record.total, ...progress, ...counts },
    waitsFor: wait && { reason: wait.reason, name: wait.name, until: isoTime(wait.untilMs) },
    models: record.demand.map(({ model, items }) => ({ model, items })),
    inputBytes: record.inputBytes,
    estimatedCostMicroDollars: record.estimatedMicroDollars,
    createdAt: isoTime(record.createdAtMs),
    startedAt: maybeTime(batch.startedAtMs),
    expiresAt: isoTime(record.expiresAtMs),
    cancelInitiatedAt: maybeTime(batch.cancelInitiatedAtMs),
    endedAt: maybeTime(batch.endedAtMs),
    archivesAt: isoTime(record.archivesAtMs),
    archivedAt: maybeTime(batch.archivedAtMs),
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function maybeTime(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : isoTime(ms);
}
