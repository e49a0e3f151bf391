import type { BatchRecord } from '@ccg/batches';
import { clientNames } from '@ccg/serving';
import type { RequestRecord } from '@ccg/serving';
import type { TenantPrincipal } from '@ccg/tenancy';
import type { UsageRecord } from '@ccg/usage';

interface EndedTry {
  readonly requestId: string;
  readonly index: number;
  /** Undefined where the credential that created the batch may do so no more. */
  readonly principal: TenantPrincipal | undefined;
  /** How it ended. */
  readonly ended: RequestRecord;
  /** Milliseconds since the epoch. */
  readonly endedAtMs: number;
  readonly durationMs: number;
}

/** The usage record of a try of an item, also of one that was not admitted: what the try with the result gets from its settlement. */
export function recordOfTry({ credential, headers = [], id: batch }: BatchRecord, tried: EndedTry): UsageRecord {
  const { ended, principal, index: batchIndex } = tried;
  const { usage, usageSource, costMicroDollars, route, attempts, stages, outcome, priceBasis } = ended;
  const { provider, model, dialect } = attempts.at(-1)?.target ?? route?.targets[0] ?? {};
  return {
    v: 1,
    id: tried.requestId,
    at: new Date(tried.endedAtMs).toISOString(),
    user: credential.user,
    userName: principal?.userName,
    apiKey: credential.kind === 'api-key' ? credential.apiKeyId : undefined,
    group: principal?.group,
    ...clientNames(headers),
    endpoint: 'messages',
    requestedModel: route?.requestedModel ?? '',
    provider,
    model,
    dialect,
    stream: false,
    outcome,
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    cacheReadTokens: usage.cacheReadTokens,
    cacheWriteTokens: usage.cacheWriteTokens,
    reasoningTokens: usage.reasoningTokens,
    usageSource,
    costMicroDollars,
    priceBasis,
    durationMs: tried.durationMs,
    firstEventMs: stages.firstEventMs,
    attempts: attempts.length,
    batch,
    batchIndex,
  };
}
