import { createBatch, isBatchId, listBatches, ownerOf, readBatch } from '@ccg/batches';
import type { Batch } from '@ccg/batches';
import { resolveRoute } from '@ccg/catalog';
import type { Catalog, Targets } from '@ccg/catalog';
import { sendJson, streamBody } from '@ccg/edge';
import type { BodyMemory } from '@ccg/edge';
import { GatewayError } from '@ccg/kernel';
import type { Scope } from '@ccg/kernel';
import { recordWithoutModel } from '@ccg/serving';
import type { RequestRecord } from '@ccg/serving';
import { traceparentOf } from '@ccg/telemetry';
import type { Tracing } from '@ccg/telemetry';
import type { TenantPrincipal } from '@ccg/tenancy';
import type { Batching } from '../batching.ts';
import type { GatewayEndpoint, GatewayExchange } from '../data-app.ts';
import { inBatchWords } from './batch-errors.ts';
import { itemHeaders } from './batch-headers.ts';
import { batchObject } from './batch-object.ts';
import { answerWithResults } from './batch-results.ts';
import type { ResultsAnswer } from './batch-results.ts';
import { readPageQuery } from './page-of.ts';

interface BatchDependencies extends ResultsAnswer {
  readonly catalog: Catalog;
  readonly targets: Targets;
  readonly bodyMemory: BodyMemory;
  /** Undefined where requests are not traced. */
  readonly tracing: Tracing | undefined;
}

const path = '/v1/messages/batches';
/** What an upload holds: a file or two that are being written, the ids of all items, and what the sockets have read. */
const uploadBytes = 16 * 1024 * 1024;
const bodyMaxBytes = 256 * 1024 * 1024;
const bodyLimit = {
  maxBytes: bodyMaxBytes,
  tooLarge: 'The batch is larger than 256 MB, or would be after decoding. Create several smaller ones.',
};
const stallTimeoutMs = 60_000;

/** The Message Batches API; with `batching` undefined it tells that batches are off. */
export function batchEndpoints(batching: Batching | undefined, deps: BatchDependencies): readonly GatewayEndpoint[] {
  // That batches are off is told to everybody: nobody should ask for a scope in vain.
  const shared = { access: 'principal', scope: batching === undefined ? undefined : 'batches' } as const;
  type Handle = (exchange: GatewayExchange, principal: TenantPrincipal, on: Batching) => Promise<RequestRecord>;
  const endpoint = (name: string, at: string, methods: readonly string[], handle: Handle): GatewayEndpoint => ({
    ...shared,
    name: `batches_${name}`,
    path: `${path}${at}`,
    methods,
    async handle(exchange, principal) {
      if (batching === undefined) throw batchesOff();
      try {
        return await handle(exchange, principal, batching);
      } catch (thrown) {
        throw inBatchWords(thrown);
      }
    },
  });
  const get = ['GET', 'HEAD'];
  return [
    endpoint('list', '', get, list),
    endpoint('create', '', ['POST'], (exchange, principal, on) => create(exchange, principal, on, deps)),
    endpoint('get', '/:id', get, async (exchange, principal, on) => {
      return answer(exchange, batchObject(await find(exchange, principal, on), on.publicBaseUrl()));
    }),
    endpoint('delete', '/:id', ['DELETE'], remove),
    endpoint('cancel', '/:id/cancel', ['POST'], cancel),
    endpoint('results', '/:id/results', get, async (exchange, principal, on) => {
      const batch = await find(exchange, principal, on);
      refuseWithoutResults(batch);
      return await answerWithResults(exchange, on, batch, deps);
    }),
  ];
}

function answer(exchange: GatewayExchange, body: object): RequestRecord {
  sendJson(exchange, body);
  return recordWithoutModel({ kind: 'completed' });
}

async function create(
  exchange: GatewayExchange,
  principal: TenantPrincipal,
  batching: Batching,
  { catalog, targets, bodyMemory, clock, tracing }: BatchDependencies,
): Promise<RequestRecord> {
  const { request, response, target } = exchange;
  const { prefix } = target;
  // A provider that is not configured would fail every item.
  if (prefix !== undefined) resolveRoute(catalog, targets, { model: prefix.model, prefix });
  const headers = itemHeaders(request.headers);
  const idempotencyKey = readIdempotencyKey(request.headers['idempotency-key']);
  // Its items are told in traces of their own, which point to this one.
  const trace = tracing?.begin(textOf(request.headers['traceparent']));
  const traceparent = trace === undefined ? undefined : traceparentOf(trace, trace.spanId);
  const account = bodyMemory.open();
  try {
    account.take(uploadBytes);
    const body = streamBody(request, response, { limit: bodyLimit, stallTimeoutMs, clock });
    const { judge, ...creating } = batching;
    const batch = await createBatch(
      { ...creating, judge: (demand) => judge({ principal, prefix, demand }) },
      { principal, prefix, headers, body, idempotencyKey, traceparent },
    );
    const record = answer(exchange, batchObject(batch, batching.publicBaseUrl()));
    return trace === undefined ? record : { ...record, traced: { trace, content: undefined } };
  } finally {
    account.release();
  }
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function readIdempotencyKey(value: string | readonly string[] | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && /^[\x21-\x7e]{1,255}$/u.test(value)) return value;
  throw new GatewayError('request-invalid', 'Idempotency-Key: It must be 1 to 255 visible characters of ASCII.');
}

async function list(exchange: GatewayExchange, principal: TenantPrincipal, on: Batching): Promise<RequestRecord> {
  const { limit, after, before } = readPageQuery(exchange.target.query);
  for (const [field, id] of Object.entries({ after_id: after, before_id: before })) {
    if (id !== null && !isBatchId(id))
      throw new GatewayError('request-invalid', `${field}: It must be the id of a batch.`);
  }
  const { batches, hasMore } = await listBatches(on.store, {
    tenant: principal.tenant,
    owner: holds(principal, 'tenant:read') ? undefined : ownerOf(principal),
    limit,
    after: after ?? undefined,
    before: before ?? undefined,
  });
  return answer(exchange, {
    data: batches.map((batch) => batchObject(batch, on.publicBaseUrl())),
    has_more: hasMore,
    first_id: batches[0]?.record.id ?? null,
    last_id: batches.at(-1)?.record.id ?? null,
  });
}

async function cancel(exchange: GatewayExchange, principal: TenantPrincipal, on: Batching): Promise<RequestRecord> {
  const batch = await find(exchange, principal, on);
  refuseUnlessOwn(principal, batch);
  await on.transitions.cancel(batch.record);
  return answer(exchange, batchObject((await readBatch(on.store, batch.record)) ?? batch, on.publicBaseUrl()));
}

async function remove(exchange: GatewayExchange, principal: TenantPrincipal, on: Batching): Promise<RequestRecord> {
  const batch = await find(exchange, principal, on);
  refuseUnlessOwn(principal, batch);
  if ((await on.transitions.remove(batch.record)) === 'running') {
    const message = `The batch has not ended. Cancel it with POST ${path}/{id}/cancel, and delete it when it has ended.`;
    throw new GatewayError('batch-not-ended', message);
  }
  return answer(exchange, { id: batch.record.id, type: 'message_batch_deleted' });
}

/** A batch of others is one that does not exist. One whose time is over has ended, whether or not somebody has noticed. */
async function find({ target }: GatewayExchange, principal: TenantPrincipal, on: Batching): Promise<Batch> {
  const id = target.path.slice(path.length + 1).split('/', 1)[0] ?? '';
  const place = { tenant: principal.tenant, id };
  let batch = await readBatch(on.store, place);
  if (batch !== undefined && batch.status !== 'ended' && on.clock.now() >= batch.record.expiresAtMs) {
    await on.transitions.touch(place);
    batch = await readBatch(on.store, place);
  }
  if (batch !== undefined && (isOwn(principal, batch) || holds(principal, 'tenant:read'))) return batch;
  throw new GatewayError('batch-unknown', `There is no such batch. GET ${path} lists yours.`);
}

function isOwn(principal: TenantPrincipal, { record }: Batch): boolean {
  return record.owner === ownerOf(principal);
}

function holds({ authorization }: TenantPrincipal, scope: Scope): boolean {
  return authorization.scopes.includes(scope);
}

/** Who reads the batches of others may not change them by that alone. */
function refuseUnlessOwn(principal: TenantPrincipal, batch: Batch): void {
  if (isOwn(principal, batch) || holds(principal, 'tenant:write')) return;
  const message = 'The batch is another\'s. This needs the scope "tenant:write". Ask the administrator of your team.';
  throw new GatewayError('scope-missing', message, { reason: 'tenant:write' });
}

function refuseWithoutResults({ status, archivedAtMs }: Batch): void {
  if (archivedAtMs !== undefined) {
    const since = new Date(archivedAtMs).toISOString();
    throw new GatewayError('batch-unknown', `The results of this batch were removed at ${since}: their time was over.`);
  }
  if (status === 'ended') return;
  const message = `The batch has not ended. Poll GET ${path}/{id} until processing_status is "ended", or cancel it.`;
  throw new GatewayError('batch-not-ended', message);
}

function batchesOff(): GatewayError {
  const message =
    'Message batches are off at this gateway. Send each request to POST /v1/messages, or ask its operators.';
  return new GatewayError('batches-off', message);
}
