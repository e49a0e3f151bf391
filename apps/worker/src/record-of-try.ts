import type { BatchRecord } from '@ccg/batches';
import { clientNames, targetOf, usageRecord } from '@ccg/serving';
import type { RequestRecord } from '@ccg/serving';
import type { TenantPrincipal } from '@ccg/tenancy';
import type { EncodableRecord } from '@ccg/usage';

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
export function recordOfTry({ credential, headers = [], id }: BatchRecord, tried: EndedTry): EncodableRecord {
  const { ended, principal, index } = tried;
  return usageRecord({
    id: tried.requestId,
    at: tried.endedAtMs,
    caller: {
      user: credential.user,
      userName: principal?.userName,
      apiKey: credential.kind === 'api-key' ? credential.apiKeyId : undefined,
      group: principal?.group,
    },
    client: clientNames(headers),
    endpoint: 'messages',
    requestedModel: ended.route?.requestedModel ?? '',
    stream: false,
    outcome: ended.outcome,
    use: ended,
    target: targetOf(ended),
    priceBasis: ended.priceBasis,
    durationMs: tried.durationMs,
    firstEventMs: ended.stages.firstEventMs,
    attempts: ended.attempts.length,
    batch: { id, index },
  });
}
