import type { Batch } from '@ccg/batches';

/** A batch in Anthropic's shape. Everything counts as processing until the whole batch has ended. */
export function batchObject(batch: Batch, publicBaseUrl: string) {
  const { record, status, counts, archivedAtMs, cancelInitiatedAtMs, endedAtMs } = batch;
  const hasEnded = status === 'ended';
  const { succeeded, errored, canceled, expired } = counts;
  const shown = hasEnded ? { succeeded, errored, canceled, expired } : none;
  return {
    id: record.id,
    type: 'message_batch',
    processing_status: status,
    request_counts: { processing: hasEnded ? 0 : record.total, ...shown },
    created_at: isoOf(record.createdAtMs),
    expires_at: isoOf(record.expiresAtMs),
    ended_at: isoOf(endedAtMs),
    cancel_initiated_at: isoOf(cancelInitiatedAtMs),
    archived_at: isoOf(archivedAtMs),
    results_url: hasEnded ? `${publicBaseUrl}/v1/messages/batches/${record.id}/results` : null,
  };
}

const none = { succeeded: 0, errored: 0, canceled: 0, expired: 0 };

function isoOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
