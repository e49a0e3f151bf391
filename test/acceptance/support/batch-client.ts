import { setTimeout } from 'node:timers/promises';
import Anthropic from '@anthropic-ai/sdk';
import { expect } from 'vitest';

export type BatchRequest = Anthropic.Messages.BatchCreateParams.Request;

/** The official SDK, which tries nothing a second time. */
export function createClient(url: string, apiKey: string): Anthropic {
  return new Anthropic({ baseURL: url, apiKey, authToken: null, maxRetries: 0 });
}

/** Polls a batch until it has ended; before that no count may tell of a result. */
export async function untilEnded(client: Anthropic, id: string): Promise<Anthropic.Messages.MessageBatch> {
  for (;;) {
    const batch = await client.messages.batches.retrieve(id);
    if (batch.processing_status === 'ended') return batch;
    expect(batch.request_counts.succeeded).toBe(0);
    await setTimeout(100);
  }
}

/** The results of a batch by the ids of their requests, each of which may come once. */
export async function readResultsOf(
  client: Anthropic,
  id: string,
): Promise<ReadonlyMap<string, Anthropic.Messages.MessageBatchResult>> {
  const results = new Map<string, Anthropic.Messages.MessageBatchResult>();
  for await (const { custom_id: customId, result } of await client.messages.batches.results(id)) {
    expect(results.has(customId)).toBe(false);
    results.set(customId, result);
  }
  return results;
}
