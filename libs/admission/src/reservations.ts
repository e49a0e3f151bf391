import type { Clock } from '@ccg/kernel';
import type { Charged } from './admit.ts';
import type { Charging } from './charges.ts';
import type { Held, Keeper } from './keeper.ts';
import type { AdmissionRequest, FinalUse, Reservation, Used } from './limits.ts';
import { readSettled } from './settle.ts';
import type { Settlement, SettlementCall } from './settle.ts';
import type { Settlements } from './settlements.ts';

/** What an admitted request was given. */
interface Reserved {
  /** The redis key of the counter that each limit is charged to, by its place. */
  readonly charged: Charged;
  /** Whether Redis has the reservation; it may still be on its way. */
  readonly isStored: boolean | Promise<boolean>;
  /** Called at the end. */
  readonly release?: (() => void) | undefined;
}

export interface Reservations {
  /** Keeps an admitted request alive until it is settled. */
  open(request: AdmissionRequest, reserved: Reserved): Reservation;
  /** Takes back what Redis may have reserved although its answer did not come in time. */
  cancel(request: AdmissionRequest): void;
}

interface ReservationOptions {
  readonly clock: Clock;
  readonly charging: Charging;
  readonly keeper: Keeper;
  readonly settlements: Settlements;
  readonly callOf: (settlement: Settlement) => SettlementCall;
  /** Grants the places of a tenant that are free to those that wait for them, in the background. */
  readonly grant: (tenant: string) => void;
}

const nothingUsed: ReadonlyMap<never, number> = new Map<never, number>();

export function createReservations(options: ReservationOptions): Reservations {
  const { clock, charging, keeper, settlements } = options;
  function hold(request: AdmissionRequest, reserved: Reserved, read: () => Used): Held {
    let mayBeNew = reserved.isStored !== true;
    if (typeof reserved.isStored !== 'boolean') {
      void reserved.isStored.then((isStored) => {
        mayBeNew = !isStored;
      });
    }
    const held: Held = {
      tenant: request.tenant,
      requestId: request.requestId,
      leaseSets: leaseSetsOf(request, reserved.charged),
      sinceMs: clock.monotonicMs(),
      soFar() {
        const used = read();
        const amounts = reserved.isStored === false ? charging.localAmounts(request, used.amounts) : used.amounts;
        return { record: used.record, charges: charging.chargesOf(request, reserved.charged, amounts), mayBeNew };
      },
    };
    keeper.hold(held);
    return held;
  }

  return {
    open(request, reserved) {
      const isHandedOver = request.handOver !== undefined;
      let read = (): Used =>
        isHandedOver ? { amounts: nothingOf(request), record: '' } : { amounts: nothingUsed, record: request.record };
      let isSettled = false;
      const held = hold(request, reserved, () => read());
      return {
        watch(reader) {
          if (!isHandedOver) read = reader;
        },
        async settle(used) {
          if (isSettled) return;
          isSettled = true;
          keeper.letGo(held);
          reserved.release?.();
          await settle(options, request, { reserved, held }, used);
        },
      };
    },
    cancel(request) {
      const settlement = cancellationOf(request, charging);
      void settlements.settle(() => settlement);
    },
  };
}

/** Sends the settlement to Redis, or hands it over. */
async function settle(
  { clock, charging, settlements, callOf, grant }: ReservationOptions,
  request: AdmissionRequest,
  { reserved: { isStored, charged }, held }: { readonly reserved: Reserved; readonly held: Held },
  used: FinalUse,
): Promise<void> {
  const { tenant, requestId, leaseSets } = held;
  const { record } = used;
  const amounts = isStored === false ? charging.localAmounts(request, used.amounts) : used.amounts;
  const charges = charging.chargesOf(request, charged, amounts);
  const output = sampleOf(request, used);
  const lateMs = () => clock.monotonicMs() - held.sinceMs;
  const ended = async (settlement: Omit<Settlement, 'kind'>): Promise<Settlement> => {
    if (await isStored) return { ...settlement, kind: 'ended' };
    return { ...settlement, kind: 'unreserved', chargedLateMs: lateMs() };
  };
  const settlement = { tenant, requestId, leaseSets, charges, record, output };
  if (request.handOver === undefined) {
    await settlements.settle(() => ended(settlement));
    return;
  }
  const nothing = charging.chargesOf(request, charged, nothingOf(request));
  // What was reserved may have lapsed by the time it is settled.
  const all = charging.chargesOf(request, charged, charging.localAmounts(request, used.amounts));
  const released = { ...settlement, charges: nothing, record: '', output: undefined };
  let isOver = false;
  request.handOver({
    settlement: () => callOf({ ...settlement, kind: 'guarded', charges: all, chargedLateMs: lateMs() }),
    settled(reply) {
      isOver = true;
      if (reply === undefined || readSettled(reply).othersWait) grant(tenant);
    },
    async release() {
      if (isOver) return;
      isOver = true;
      await settlements.settle(() => ended(released));
    },
  });
}

function cancellationOf(request: AdmissionRequest, charging: Charging): Settlement {
  const { tenant, requestId } = request;
  const leaseSets = leaseSetsOf(request, charging.localCounters(request));
  const charges = charging.nothing(request);
  return { tenant, requestId, kind: 'cancelled', leaseSets, charges, record: '', output: undefined };
}

/** What is charged for a request that is to be as if it had never been. */
function nothingOf({ limits }: AdmissionRequest): Used['amounts'] {
  return new Map(limits.map((limit) => [limit, 0]));
}

function sampleOf({ output }: AdmissionRequest, { outputSample: sample }: FinalUse): Settlement['output'] {
  return output === undefined || sample === undefined ? undefined : { model: output.model, sample };
}

function leaseSetsOf({ limits }: AdmissionRequest, charged: Charged): readonly string[] {
  return limits.flatMap((limit, at) => {
    const redisKey = limit.kind === 'concurrency' ? charged[at] : undefined;
    return redisKey === undefined ? [] : [redisKey];
  });
}
