import { BatchFilesError, erroredResult, fileResults, readBatch, resultLine, succeededResult } from '@ccg/batches';
import type { BatchFiles, BatchItem, BatchRecord, ItemReader, ItemResult, Transitions } from '@ccg/batches';
import { randomId } from '@ccg/edge';
import { assertNever, ReaderGoneError, startStopwatch, toGatewayError } from '@ccg/kernel';
import type { Clock, GatewayError } from '@ccg/kernel';
import { countRecord } from '@ccg/serving';
import type { RequestRecord } from '@ccg/serving';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { Logger, Metrics } from '@ccg/telemetry';
import { readPrincipal } from '@ccg/tenancy';
import type { TenantDefaults } from '@ccg/tenancy';
import { errorEnvelope } from '@ccg/wire';
import type { ItemTraces } from './item-traces.ts';
import { createItemSink } from './item-sink.ts';
import { checkParams, principalOf, retryDelayMs } from './item-verdict.ts';

export interface RunItemDependencies {
  readonly store: Store;
  readonly files: BatchFiles;
  readonly items: ItemReader;
  readonly transitions: Transitions;
  readonly traces: ItemTraces;
  readonly defaults: TenantDefaults;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly random: () => number;
  /** How long a claim holds that is not renewed. */
  readonly claimMs: number;
  /** Aborts when a worker that stops waits no longer. */
  readonly stopping: AbortSignal;
}

export interface ItemPointer {
  readonly tenant: string;
  readonly id: string;
  readonly index: number;
  /** How often it failed so far. */
  readonly tries: number;
}

/** `over`: nothing is left to do. `later`: it is to be tried again, `isFailure` because it failed. */
type ItemRun =
  | { readonly kind: 'over' }
  | { readonly kind: 'later'; readonly delayMs: number; readonly isFailure: boolean };

export type RunItem = (pointer: ItemPointer) => Promise<ItemRun>;

const over: ItemRun = { kind: 'over' };
const busyMs = 1000;
const later = (delayMs: number): ItemRun => ({ kind: 'later', delayMs, isFailure: false });
/** So many bytes of results are worth a file. */
const fileAtBytes = 1024 * 1024;

/** Runs an item of a batch under a claim and completes it, unless it has to be tried again. Any number of workers may run the same one: its first result counts. */
export function createRunItem(deps: RunItemDependencies): RunItem {
  const { transitions, logger } = deps;
  return async (pointer) => {
    const claim = { ...pointer, token: randomId('claim_') };
    try {
      const claimed = await transitions.claim(claim);
      switch (claimed.kind) {
        case 'claimed':
        case 'full':
          return await runClaimed(deps, pointer, claim, claimed.kind === 'full');
        case 'done':
        case 'over':
        case 'gone':
          return over;
        case 'busy':
          return later(claimed.lapsesInMs + 1);
        case 'behind':
          await fileResults(deps, pointer, true);
          return later(busyMs);
        default:
          return assertNever(claimed);
      }
    } catch (error) {
      await transitions.release(claim).catch(() => {});
      if (!(error instanceof StoreUnavailableError || error instanceof BatchFilesError)) {
        logger.error({ err: error, batch: pointer.id, index: pointer.index }, 'an item of a batch failed');
      }
      return { kind: 'later', delayMs: busyMs * 2 ** Math.min(pointer.tries, 6), isFailure: true };
    }
  };
}

type Claim = ItemPointer & { readonly token: string };
type Answered =
  | { readonly kind: 'result'; readonly outcome: ItemResult['outcome']; readonly json: string }
  | { readonly kind: 'again'; readonly run: ItemRun };

async function runClaimed(
  deps: RunItemDependencies,
  pointer: ItemPointer,
  claim: Claim,
  isFull: boolean,
): Promise<ItemRun> {
  const { store, items, transitions, metrics } = deps;
  const batch = await readBatch(store, pointer);
  if (batch === undefined) return over;
  const item = await items.read(pointer, pointer.index);
  const renewal = keepClaim(deps, claim);
  try {
    const answered = isFull ? noRoom() : await answer(deps, batch.record, item, { pointer, signal: renewal.signal });
    if (answered.kind === 'again') {
      await transitions.release(claim);
      return answered.run;
    }
    const line = resultLine(item.customId, answered.json);
    const completed = await complete(deps, claim, { outcome: answered.outcome, line });
    if (completed.kind === 'lost' && answered.outcome === 'succeeded') metrics.batchDuplicate();
    if (completed.kind !== 'completed') return over;
    metrics.batchItem(pointer.tenant, answered.outcome);
    deps.traces.ended(batch.record, pointer.index, answered.outcome);
    const { status, waitingBytes } = completed;
    // What cannot be filed now is filed by the sweep.
    if (status === 'ended' || waitingBytes >= fileAtBytes) {
      await fileResults(deps, pointer, status !== 'ended').catch(() => {});
    }
    return over;
  } finally {
    renewal.stop();
  }
}

const completeTries = 60;

/** A result was paid for, so it is offered until Redis takes it, for a minute at least. */
async function complete({ transitions, clock, stopping }: RunItemDependencies, claim: Claim, result: ItemResult) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await transitions.complete(claim, result);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || tries === completeTries || stopping.aborted) throw error;
      await new Promise<void>((resolve) => {
        clock.schedule(busyMs, resolve);
      });
    }
  }
}

/** Renews a claim while its item runs. The signal aborts when the item should not go on, or the worker stops. */
function keepClaim({ transitions, clock, claimMs, stopping }: RunItemDependencies, claim: Claim) {
  const lost = new AbortController();
  let cancel = (): void => {};
  const renew = async (): Promise<void> => {
    // While Redis is away nobody else can claim it either.
    const isOurs = await transitions.renew(claim).catch(() => true);
    if (!isOurs) lost.abort(new ReaderGoneError('client-gone'));
    else if (!isStopped) schedule();
  };
  let isStopped = false;
  function schedule(): void {
    cancel = clock.schedule(claimMs / 3, () => void renew());
  }
  schedule();
  return {
    signal: AbortSignal.any([lost.signal, stopping]),
    stop() {
      isStopped = true;
      cancel();
    },
  };
}

interface Running {
  readonly pointer: ItemPointer;
  readonly signal: AbortSignal;
}

async function answer(
  deps: RunItemDependencies,
  record: BatchRecord,
  item: BatchItem,
  { pointer, signal }: Running,
): Promise<Answered> {
  const { store, clock, defaults } = deps;
  const requestId = randomId('req_');
  try {
    const params = await item.readParams();
    const asked = { scopes: ['batches', 'messages'], issuedByMs: record.createdAtMs } as const;
    const principal = principalOf(
      await readPrincipal({ store, clock, defaults }, record.tenant, record.credential, asked),
    );
    checkParams(params);
    const sink = createItemSink(signal);
    const elapsedMs = startStopwatch(clock);
    const headers = [
      ['content-type', 'application/json'],
      ['anthropic-version', '2023-06-01'],
    ] as const;
    const request = { requestId, principal, prefix: record.prefix, headers, query: '', batch: record.id };
    const received = { receivedAtMs: clock.now(), elapsedMs, takeBody: () => params };
    const ended = await deps.traces.serve(pointer, { ...request, ...received }, sink);
    tell(deps, ended, { requestId, pointer, durationMs: elapsedMs() });
    const { end } = ended;
    if (end.kind === 'completed') {
      return { kind: 'result', outcome: 'succeeded', json: succeededResult(sink.message()) };
    }
    if (end.kind === 'aborted' || signal.aborted) return { kind: 'again', run: later(0) };
    throw end.error;
  } catch (thrown) {
    if (thrown instanceof StoreUnavailableError || thrown instanceof BatchFilesError) throw thrown;
    return failed(deps, toGatewayError(thrown), requestId, pointer);
  }
}

function failed(
  { random }: RunItemDependencies,
  error: GatewayError,
  requestId: string,
  { tries }: ItemPointer,
): Answered {
  const delayMs = retryDelayMs(error, tries, random);
  if (delayMs !== undefined) return { kind: 'again', run: { kind: 'later', delayMs, isFailure: true } };
  const { type, publicMessage: message, publicDetails: details } = error;
  const body = Buffer.from(errorEnvelope({ type, message, details }, requestId), 'latin1').toString('utf8');
  return { kind: 'result', outcome: 'errored', json: erroredResult(body) };
}

/** Only the stores that are bounded for each batch refuse results for want of room. */
function noRoom(): Answered {
  const message =
    'The store of the gateway has no more room for results of this batch. Send the request again in another batch.';
  const body = errorEnvelope({ type: 'api_error', message, details: undefined }, randomId('req_'));
  return { kind: 'result', outcome: 'errored', json: erroredResult(body) };
}

interface Told {
  readonly requestId: string;
  readonly pointer: ItemPointer;
  readonly durationMs: number;
}

/** One line for an item that failed, as for a request. */
function tell(
  { metrics, logger }: RunItemDependencies,
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
