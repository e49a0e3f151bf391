import type { HandedOver } from '@ccg/admission';
import { BatchFilesError, erroredResult, succeededResult } from '@ccg/batches';
import type { BatchItem, BatchRecord, ItemOutcome } from '@ccg/batches';
import { randomId } from '@ccg/edge';
import { startStopwatch, toGatewayError } from '@ccg/kernel';
import type { Clock, GatewayError } from '@ccg/kernel';
import { countRecord } from '@ccg/serving';
import type { RequestRecord } from '@ccg/serving';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { Logger, Metrics } from '@ccg/telemetry';
import { readPrincipal } from '@ccg/tenancy';
import type { TenantDefaults } from '@ccg/tenancy';
import { errorEnvelope } from '@ccg/wire';
import type { HeaderList } from '@ccg/wire';
import { later, laterAfterFailure } from './item.ts';
import type { ItemPointer, ItemRun } from './item.ts';
import { createItemSink } from './item-sink.ts';
import type { ItemTraces } from './item-traces.ts';
import { checkParams, principalOf, retryDelayMs } from './item-verdict.ts';

export interface TryItemDependencies {
  readonly store: Store;
  readonly traces: ItemTraces;
  readonly defaults: TenantDefaults;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly random: () => number;
}

interface ItemTry {
  readonly record: BatchRecord;
  readonly item: BatchItem;
  readonly pointer: ItemPointer;
  /** Aborts when the item should not go on. */
  readonly signal: AbortSignal;
  /** Gets the settlement of the try, if it was admitted. Until then nothing of it is charged. */
  readonly handOver: (ended: HandedOver) => void;
}

export type Tried =
  | {
      readonly kind: 'result';
      readonly outcome: ItemOutcome;
      readonly json: string;
      /** Whether a provider has answered. */
      readonly isAnswered: boolean;
    }
  | { readonly kind: 'again'; readonly run: ItemRun };

/** Tries an item once, as a request of its own. Rejects where its batch or its credential cannot be read. */
export async function tryItem(deps: TryItemDependencies, item: ItemTry): Promise<Tried> {
  const { signal, pointer } = item;
  const requestId = randomId('req_');
  let isAnswered = false;
  try {
    const params = await item.item.readParams();
    const sink = createItemSink(signal);
    const ended = await serveItem(deps, item, { requestId, params, sink });
    isAnswered = ended.attempts.some(({ status }) => status !== undefined);
    const { end } = ended;
    if (end.kind === 'completed') {
      return { kind: 'result', outcome: 'succeeded', json: succeededResult(sink.message()), isAnswered };
    }
    if (end.kind === 'aborted' || signal.aborted) return { kind: 'again', run: later(0) };
    return failed(deps, end.error, { requestId, pointer, isAnswered });
  } catch (thrown) {
    if (thrown instanceof StoreUnavailableError || thrown instanceof BatchFilesError) throw thrown;
    return failed(deps, toGatewayError(thrown), { requestId, pointer, isAnswered });
  }
}

interface Served {
  readonly requestId: string;
  readonly params: Uint8Array;
  readonly sink: ReturnType<typeof createItemSink>;
}

/** Throws GatewayError for params or a credential with which nobody is asked. */
async function serveItem(
  deps: TryItemDependencies,
  { record, pointer, handOver }: ItemTry,
  { requestId, params, sink }: Served,
): Promise<RequestRecord> {
  const { store, clock, defaults } = deps;
  const asked = { scopes: ['batches', 'messages'], issuedByMs: record.createdAtMs } as const;
  const principal = principalOf(
    await readPrincipal({ store, clock, defaults }, record.tenant, record.credential, asked),
  );
  checkParams(params);
  const elapsedMs = startStopwatch(clock);
  const batch = { id: record.id, index: pointer.index };
  const headers = headersOf(record);
  const request = { requestId, principal, prefix: record.prefix, headers, query: '', batch, handOver };
  const received = { receivedAtMs: clock.now(), elapsedMs, takeBody: () => params };
  const ended = await deps.traces.serve(pointer, { ...request, ...received }, sink);
  tell(deps, ended, { requestId, pointer, durationMs: elapsedMs() });
  return ended;
}

/** Those of the request that created the batch. */
function headersOf({ headers = [] }: BatchRecord): HeaderList {
  const hasVersion = headers.some(([name]) => name === 'anthropic-version');
  const version = hasVersion ? [] : [['anthropic-version', '2023-06-01'] as const];
  return [['content-type', 'application/json'], ...version, ...headers];
}

function failed(
  { random }: TryItemDependencies,
  error: GatewayError,
  {
    requestId,
    pointer,
    isAnswered,
  }: { readonly requestId: string; readonly pointer: ItemPointer; readonly isAnswered: boolean },
): Tried {
  const delayMs = retryDelayMs(error, pointer.tries, random);
  if (delayMs !== undefined)
    return { kind: 'again', run: laterAfterFailure(delayMs, error.code === 'budget-exceeded') };
  const { type, publicMessage: message, publicDetails: details } = error;
  const body = Buffer.from(errorEnvelope({ type, message, details }, requestId), 'latin1').toString('utf8');
  return { kind: 'result', outcome: 'errored', json: erroredResult(body), isAnswered };
}

/** The result of an item for whose answer there is no room. Only the stores that are bounded for each batch refuse it. */
export function noRoom(): Tried {
  const message =
    'The store of the gateway has no more room for results of this batch. Send the request again in another batch.';
  const body = errorEnvelope({ type: 'api_error', message, details: undefined }, randomId('req_'));
  return { kind: 'result', outcome: 'errored', json: erroredResult(body), isAnswered: false };
}

interface Told {
  readonly requestId: string;
  readonly pointer: ItemPointer;
  readonly durationMs: number;
}

/** One line for an item that failed, as for a request. */
function tell(
  { metrics, logger }: TryItemDependencies,
  record: RequestRecord,
  { requestId, pointer, durationMs }: Told,
): void {
  const { tenant, id: batch, index } = pointer;
  const { end, outcome } = record;
  const error = 'error' in end ? end.error : undefined;
  const status = error?.status ?? (end.kind === 'aborted' ? 499 : 200);
  countRecord(metrics, { endpoint: 'item_of_batch', tenant, status, durationMs, authenticatedMs: undefined }, record);
  const traceId = record.traced?.trace.traceId;
  const line = { requestId, traceId, tenant, batch, index, outcome, status, durationMs: Math.round(durationMs) };
  if (error === undefined) logger.debug(line, 'item');
  else logger.warn({ ...line, code: error.code, upstreamMessage: error.upstreamMessage }, 'item');
}
