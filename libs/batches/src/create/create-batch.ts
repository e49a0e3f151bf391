import { GatewayError } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import type { TenantPrincipal } from '@ccg/tenancy';
import { batchOf, credentialOf, fieldsOf, ownerOf } from '../batch/batch-record.ts';
import type { Batch, BatchPlace, BatchRecord, ModelDemand } from '../batch/batch-record.ts';
import { newBatchId, readBatch } from '../batch/read-batches.ts';
import type { BatchFiles, BatchFilesError } from '../files/batch-files.ts';
import { beginUpload, CommitUncertainError, commitUpload, dropUpload, endUpload, findOnce } from './commit-upload.ts';
import { createDemand } from './demand.ts';
import { createItemWriter } from './item-writer.ts';
import { createRequestsReader } from './read-requests.ts';

/** A hash of bytes that come in pieces. */
export interface Hash {
  update(bytes: Uint8Array | string): void;
  hex(): string;
}

export interface CreateDependencies {
  readonly store: Store;
  readonly files: BatchFiles;
  readonly clock: Clock;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly createHash: () => Hash;
  /** How long results are kept after the creation of a batch. */
  readonly retentionMs: number;
  /** Gives the estimated cost in micro-dollars. Rejects with GatewayError for a batch that its tenant may not have. */
  readonly judge?: ((demand: readonly ModelDemand[]) => Promise<number>) | undefined;
}

export interface NewBatch {
  readonly principal: TenantPrincipal;
  readonly prefix: BatchRecord['prefix'];
  readonly headers?: BatchRecord['headers'];
  /** The body, in pieces that end with whole characters. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Requests of an owner with the same one are the same request, for a day. */
  readonly idempotencyKey: string | undefined;
  /** Where the request stands in its trace; unset where it is not traced. */
  readonly traceparent?: string | undefined;
}

const lifetimeMs = 24 * 60 * 60 * 1000;

/**
 * Reads a batch and writes its items into files, then its record, with which it exists. When it fails before that,
 * nothing is left of it.
 *
 * @throws GatewayError for a body that is no batch, or for a request that is not the same as its first; BatchFilesError;
 * StoreUnavailableError; or what the body throws.
 */
export async function createBatch(deps: CreateDependencies, request: NewBatch): Promise<Batch> {
  const { store, files, clock, randomBytes } = deps;
  const { principal, idempotencyKey } = request;
  const { tenant } = principal;
  const onceDigest = idempotencyKey === undefined ? undefined : digestOf(deps, ownerOf(principal), idempotencyKey);
  const first = onceDigest === undefined ? undefined : await findOnce(store, tenant, onceDigest);
  if (first !== undefined) {
    const isSame = (await hashRequest(deps, request)) === first.body;
    return await repeat(store, { tenant, id: first.batch }, isSame);
  }
  const place = { tenant, id: newBatchId(clock.now(), randomBytes) };
  await beginUpload(store, place, clock.now());
  const outcome = await uploadAndCommit(deps, request, { place, onceDigest }).catch(async (error: unknown) => {
    // What is left of a batch that may exist is judged by the sweep, as is what cannot be removed now.
    if (error instanceof CommitUncertainError) throw error.cause;
    await dropUpload(store, files, place).catch(() => {});
    throw error;
  });
  if (outcome.kind === 'committed') return await committed(store, outcome.record);
  await dropUpload(store, files, place).catch(() => {});
  if (outcome.kind === 'lapsed') throw uploadTooSlow();
  return await repeat(store, { tenant, id: outcome.batch }, outcome.kind === 'repeated');
}

async function uploadAndCommit(deps: CreateDependencies, request: NewBatch, uploadOf: Upload) {
  const { store, clock } = deps;
  const { record, body } = await upload(deps, request, uploadOf);
  // First, so that nobody overlooks a tenant that has a batch.
  await store.command('zadd', [store.redisKeys.batches.tenants(), clock.now(), record.tenant]);
  const outcome = await commitUpload(store, clock, record, body);
  return outcome.kind === 'committed' ? { kind: outcome.kind, record } : outcome;
}

interface Upload {
  readonly place: BatchPlace;
  readonly onceDigest: string | undefined;
}

/** Writes the items, and gives the record that is to be committed with the digest of what was asked for. */
async function upload(
  deps: CreateDependencies,
  { principal, prefix, headers, body, traceparent }: NewBatch,
  { place, onceDigest }: Upload,
): Promise<{ readonly record: BatchRecord; readonly body: string }> {
  const { files, clock, retentionMs, judge } = deps;
  const hash = deps.createHash();
  const writer = createItemWriter(files, place);
  const demand = createDemand();
  const reader = createRequestsReader({
    params: writer.params,
    item(item) {
      demand.add(item);
      writer.item(item.customId);
    },
  });
  for await (const bytes of body) {
    hash.update(bytes);
    reader.push(bytes);
    await writer.flush();
  }
  const total = reader.end();
  const estimatedMicroDollars = await judge?.(demand.list());
  await writer.finish();
  const createdAtMs = clock.now();
  const record: BatchRecord = {
    ...place,
    owner: ownerOf(principal),
    credential: credentialOf(principal),
    prefix,
    headers,
    demand: demand.list(),
    estimatedMicroDollars,
    total,
    inputBytes: writer.inputBytes(),
    createdAtMs,
    expiresAtMs: createdAtMs + lifetimeMs,
    archivesAtMs: createdAtMs + retentionMs,
    onceDigest,
    maxBytes: files.maxBatchBytes,
    traceparent,
  };
  addPrefix(hash, prefix);
  return { record, body: hash.hex() };
}

async function committed(store: Store, record: BatchRecord): Promise<Batch> {
  // The sweep forgets the upload otherwise.
  await endUpload(store, record).catch(() => {});
  const fields = fieldsOf(record).map(String);
  const pairs = fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1] ?? ''] as const] : []));
  const batch = batchOf(new Map(pairs));
  if (batch === undefined) throw new RangeError('A record has no fields.');
  return batch;
}

/** The batch that the first request has made. */
async function repeat(store: Store, place: BatchPlace, isSame: boolean): Promise<Batch> {
  if (!isSame) {
    throw new GatewayError(
      'idempotency-mismatch',
      'A batch was created with this Idempotency-Key from another body, or at another URL. Send a new key with a new batch.',
    );
  }
  const batch = await readBatch(store, place);
  if (batch !== undefined) return batch;
  throw new GatewayError(
    'idempotency-in-progress',
    'The batch of this Idempotency-Key was deleted just now. Try again.',
  );
}

function digestOf({ createHash }: CreateDependencies, owner: string, key: string): string {
  const hash = createHash();
  hash.update(`${owner}\n${key}`);
  return hash.hex();
}

async function hashRequest({ createHash }: CreateDependencies, { body, prefix }: NewBatch): Promise<string> {
  const hash = createHash();
  for await (const bytes of body) hash.update(bytes);
  addPrefix(hash, prefix);
  return hash.hex();
}

/** The same body for another model is another batch. */
function addPrefix(hash: Hash, prefix: NewBatch['prefix']): void {
  if (prefix !== undefined) hash.update(`\n${prefix.provider}:${prefix.model}`);
}

function uploadTooSlow(): GatewayError {
  return new GatewayError(
    'request-timeout',
    'The batch took more than an hour to arrive. Create several smaller ones.',
  );
}

/** The error that a client gets where the files cannot be used. */
export function errorOfFiles({ fault, detail }: BatchFilesError): GatewayError {
  const message =
    fault === 'full'
      ? 'The gateway has no room for more batches. Delete batches that have ended, or try again later.'
      : 'The gateway cannot keep batches right now: their store does not answer or cannot be written. Try again later.';
  return new GatewayError('batch-files-unavailable', message, { retryAfterSeconds: 60, reason: `${fault} ${detail}` });
}
