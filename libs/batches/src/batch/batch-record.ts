import type { TenantPrincipal } from '@ccg/tenancy';
import type { HeaderList } from '@ccg/wire';

/** Where a batch is. Ids are in the order of creation: the time comes first in them. */
export interface BatchPlace {
  readonly tenant: string;
  readonly id: string;
}

/** Whose authority the items of a batch run under. It is read again when they run, so none of it is stored. */
export type BatchCredential =
  | { readonly kind: 'api-key'; readonly apiKeyId: string; readonly user: string | undefined }
  | {
      readonly kind: 'token';
      readonly user: string;
      readonly issuer: string;
      readonly tokenDigest: string | undefined;
      readonly groups: readonly string[];
    };

/** What the items of a batch ask one model for, all together. */
export interface ModelDemand {
  /** As the client named it. */
  readonly model: string;
  readonly items: number;
  /** Of their params. */
  readonly bytes: number;
  readonly maxTokens: number;
}

/** What is known of a batch when it is created, and never changes. */
export interface BatchRecord extends BatchPlace {
  /** The user who created it, or the API key of a service. */
  readonly owner: string;
  readonly credential: BatchCredential;
  /** That of the URL; it applies to every item. */
  readonly prefix: { readonly provider: string; readonly model: string } | undefined;
  /** Of the request that created it; each item is sent with them. Older records have none. */
  readonly headers?: HeaderList | undefined;
  readonly demand: readonly ModelDemand[];
  /** What all items may cost, as it was estimated at the creation; undefined where nobody did. */
  readonly estimatedMicroDollars?: number | undefined;
  readonly total: number;
  readonly inputBytes: number;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** When its results are removed. */
  readonly archivesAtMs: number;
  /** Of the request that must have its effect once. */
  readonly onceDigest: string | undefined;
  /** How many bytes its files may have, inputs and results; undefined for any number. */
  readonly maxBytes: number | undefined;
  /** Where the request that created it stands in its trace; unset where it was not traced. */
  readonly traceparent?: string | undefined;
}

export type BatchStatus = 'in_progress' | 'canceling' | 'ended';
export type ItemOutcome = 'succeeded' | 'errored';
/** What becomes of the items that have no result when a batch ends. */
export type RestOutcome = 'canceled' | 'expired';

/** A batch as it is now. Clients are shown counts only when it has ended. */
export interface Batch {
  readonly record: BatchRecord;
  readonly status: BatchStatus;
  readonly counts: Readonly<Record<ItemOutcome | RestOutcome, number>>;
  readonly rest: RestOutcome | undefined;
  /** When its first item ran; also undefined where an older worker began it. */
  readonly startedAtMs: number | undefined;
  readonly cancelInitiatedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
  readonly archivedAtMs: number | undefined;
}

/** The owner of what the principal creates. */
export function ownerOf(principal: TenantPrincipal): string {
  return principal.user ?? `api-key:${apiKeyOf(principal)}`;
}

/** Every token has a user, so that only an API key can be without one. */
function apiKeyOf(principal: TenantPrincipal): string {
  return principal.kind === 'api-key' ? principal.apiKeyId : '';
}

export function credentialOf(principal: TenantPrincipal): BatchCredential {
  if (principal.kind === 'api-key') {
    return { kind: 'api-key', apiKeyId: principal.apiKeyId, user: principal.user };
  }
  const { user, issuer, tokenDigest, groups } = principal;
  return { kind: 'token', user, issuer, tokenDigest, groups };
}

/** The fields of the hash that a batch begins as. What scripts calculate with stands beside the record. */
export function fieldsOf(record: BatchRecord): readonly (string | number)[] {
  const { total, inputBytes, createdAtMs, expiresAtMs, archivesAtMs, maxBytes = 0 } = record;
  const numbers = { total, inputBytes, createdAtMs, expiresAtMs, archivesAtMs, maxBytes };
  return ['record', JSON.stringify(record), 'status', 'in_progress', ...Object.entries(numbers).flat()];
}

/** The batch of a hash; undefined for an empty one. */
export function batchOf(fields: ReadonlyMap<string, string>): Batch | undefined {
  const text = fields.get('record');
  if (text === undefined) return undefined;
  const number = (name: string) => (fields.has(name) ? Number(fields.get(name)) : undefined);
  return {
    record: JSON.parse(text) as BatchRecord,
    status: statusOf(fields.get('status')),
    counts: {
      succeeded: number('succeeded') ?? 0,
      errored: number('errored') ?? 0,
      canceled: number('canceled') ?? 0,
      expired: number('expired') ?? 0,
    },
    rest: fields.get('rest') === 'canceled' ? 'canceled' : fields.has('rest') ? 'expired' : undefined,
    startedAtMs: number('startedAtMs'),
    cancelInitiatedAtMs: number('cancelInitiatedAtMs'),
    endedAtMs: number('endedAtMs'),
    archivedAtMs: number('archivedAtMs'),
  };
}

export function statusOf(text: string | undefined): BatchStatus {
  return text === 'canceling' || text === 'ended' ? text : 'in_progress';
}
