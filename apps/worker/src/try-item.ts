import type { HandedOver } from '@ccg/admission';
import { BatchFilesError, erroredResult, succeededResult } from '@ccg/batches';
import type { BatchItem, BatchRecord, ItemOutcome } from '@ccg/batches';
import { randomId } from '@ccg/edge';
import { startStopwatch, toGatewayError } from '@ccg/kernel';
import type { Clock, GatewayError } from '@ccg/kernel';
import { countRecord, describeCaller, describeRecord, describeTarget, recordWithoutModel } from '@ccg/serving';
import type { LineRules, RequestRecord, ResponseSink } from '@ccg/serving';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import { itemEndpoint } from '@ccg/telemetry';
import type { Logger, Metrics } from '@ccg/telemetry';
import { readPrincipal } from '@ccg/tenancy';
import type { TenantDefaults, TenantPrincipal } from '@ccg/tenancy';
import type { EncodableRecord } from '@ccg/usage';
import { errorEnvelope } from '@ccg/wire';
import type { HeaderList } from '@ccg/wire';
import { later, laterAfterFailure } from './item.ts';
import type { ItemPointer, ItemRun } from './item.ts';
import { createItemSink } from './item-sink.ts';
import type { ItemTraces } from './item-traces.ts';
import { checkParams, principalOf, retryDelayMs } from './item-verdict.ts';
import { waitOf } from './item-wait.ts';
import type { ItemWait } from './item-wait.ts';
import { recordOfTry } from './record-of-try.ts';

export interface TryItemDependencies {
  readonly store: Store;
  readonly traces: ItemTraces;
  readonly defaults: TenantDefaults;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Which tries have a line in the log. */
  readonly lines: LineRules;
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

/** `ended` is the usage record of the try, which stands nowhere else unless it is settled. */
export type Tried =
  | {
      readonly kind: 'result';
      readonly outcome: ItemOutcome;
      readonly json: string;
      /** Whether a provider has answered. */
      readonly isAnswered: boolean;
      /** Undefined where nothing was tried. */
      readonly ended: EncodableRecord | undefined;
    }
  | {
      readonly kind: 'again';
      readonly run: ItemRun;
      readonly ended: EncodableRecord;
      /** Undefined where it did not fail. */
      readonly waits: ItemWait | undefined;
    };

/** Tries an item once, as a request of its own. Rejects where its batch or its credential cannot be read. */
export async function tryItem(deps: TryItemDependencies, item: ItemTry): Promise<Tried> {
  const { signal, pointer } = item;
  const requestId = randomId('req_');
  const sink = createItemSink(signal);
  const { served, ended } = await serveItem(deps, item, requestId, sink);
  const { end, attempts } = served;
  const isAnswered = attempts.some(({ status }) => status !== undefined);
  if (end.kind === 'completed') {
    return { kind: 'result', outcome: 'succeeded', json: succeededResult(sink.message()), isAnswered, ended };
  }
  if (end.kind === 'aborted' || signal.aborted) return { kind: 'again', run: later(0), ended, waits: undefined };
  return failed(deps, end.error, { requestId, pointer, isAnswered, ended });
}

interface Served {
  readonly served: RequestRecord;
  /** Its usage record. */
  readonly ended: EncodableRecord;
}

/** Serves an item, and tells the log and the metrics how it ended, also where nobody was asked. */
async function serveItem(
  deps: TryItemDependencies,
  item: ItemTry,
  requestId: string,
  sink: ResponseSink,
): Promise<Served> {
  const { clock } = deps;
  const elapsedMs = startStopwatch(clock);
  const receivedAtMs = clock.now();
  const known: { principal?: TenantPrincipal } = {};
  const over = (served: RequestRecord): Served => {
    const durationMs = elapsedMs();
    tell(deps, served, { caller: known.principal ?? item.record.credential, requestId, item, durationMs });
    const { index } = item.pointer;
    const tried = { requestId, index, principal: known.principal, ended: served, endedAtMs: clock.now(), durationMs };
    return { served, ended: recordOfTry(item.record, tried) };
  };
  try {
    const params = await item.item.readParams();
    const principal = await principalOfItem(deps, item);
    known.principal = principal;
    checkParams(params);
    const request = { ...requestOf(item, principal), requestId, receivedAtMs, elapsedMs, takeBody: () => params };
    return over(await deps.traces.serve(item.pointer, request, sink));
  } catch (thrown) {
    if (thrown instanceof StoreUnavailableError || thrown instanceof BatchFilesError) throw thrown;
    return over(recordWithoutModel({ kind: 'unsent', error: toGatewayError(thrown) }));
  }
}

/** Throws GatewayError where the credential that created the batch may do so no more. */
async function principalOfItem(
  { store, clock, defaults }: TryItemDependencies,
  { record }: ItemTry,
): Promise<TenantPrincipal> {
  const asked = { scopes: ['batches', 'messages'], issuedByMs: record.createdAtMs } as const;
  return principalOf(await readPrincipal({ store, clock, defaults }, record.tenant, record.credential, asked));
}

function requestOf({ record, pointer, handOver }: ItemTry, principal: TenantPrincipal) {
  const batch = { id: record.id, index: pointer.index };
  return { principal, prefix: record.prefix, headers: headersOf(record), query: '', batch, handOver };
}

/** Those of the request that created the batch. */
function headersOf({ headers = [] }: BatchRecord): HeaderList {
  const hasVersion = headers.some(([name]) => name === 'anthropic-version');
  const version = hasVersion ? [] : [['anthropic-version', '2023-06-01'] as const];
  return [['content-type', 'application/json'], ...version, ...headers];
}

interface FailedTry {
  readonly requestId: string;
  readonly pointer: ItemPointer;
  readonly isAnswered: boolean;
  readonly ended: EncodableRecord;
}

function failed(
  { random, clock }: TryItemDependencies,
  error: GatewayError,
  { requestId, pointer, isAnswered, ended }: FailedTry,
): Tried {
  const delayMs = retryDelayMs(error, pointer.tries, random);
  if (delayMs !== undefined) {
    const run = laterAfterFailure(delayMs, error.code === 'budget-exceeded');
    const waits = waitOf(error, { delayMs, nowMs: clock.now(), provider: ended.provider });
    return { kind: 'again', run, ended, waits };
  }
  const { type, publicMessage: message, publicDetails: details } = error;
  const body = Buffer.from(errorEnvelope({ type, message, details }, requestId), 'latin1').toString('utf8');
  return { kind: 'result', outcome: 'errored', json: erroredResult(body), isAnswered, ended };
}

/** The result of an item for whose answer there is no room. Only the stores that are bounded for each batch refuse it. */
export function noRoom(): Tried {
  const message =
    'The store of the gateway has no more room for results of this batch. Send the request again in another batch.';
  const body = errorEnvelope({ type: 'api_error', message, details: undefined }, randomId('req_'));
  return { kind: 'result', outcome: 'errored', json: erroredResult(body), isAnswered: false, ended: undefined };
}

interface Told {
  readonly requestId: string;
  readonly item: ItemTry;
  /** Who created the batch. */
  readonly caller: Parameters<typeof describeCaller>[0];
  readonly durationMs: number;
}

const endpoint = itemEndpoint;

/** One line for each try of an item, which says what the line of a request says. */
function tell(
  { metrics, logger, lines }: TryItemDependencies,
  record: RequestRecord,
  { requestId, item, caller, durationMs }: Told,
): void {
  const { tenant, id: batch, index } = item.pointer;
  const { end } = record;
  const status = 'error' in end ? end.error.status : end.kind === 'aborted' ? 499 : 200;
  countRecord(metrics, { endpoint, tenant, status, durationMs, authenticatedMs: undefined }, record);
  const level = lines.levelOf(record, logger);
  if (level === undefined) return;
  const facts = { requestId, session: undefined, status, durationMs, authenticatedMs: undefined };
  const where = { endpoint, tenant, ...describeCaller(caller), batch, index, ...describeTarget(record) };
  logger[level]({ ...where, ...describeRecord(record, facts), ...lines.moreOf(record) }, 'item');
}
