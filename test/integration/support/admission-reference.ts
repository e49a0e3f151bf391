/** What the scripts of admission should do, in plain words: in units and with a clock of its own that moves in steps. */
export interface AdmissionReference {
  /** Who may come in and what a shadow limit says; nothing is taken where the request is refused. */
  admit(id: string, costs: Costs, record: string): { readonly isAdmitted: boolean; readonly isShadowed: boolean };
  renew(id: string, soFar: Costs, record: string): void;
  settle(id: string, totals: Costs, record: string): void;
  sweep(): void;
  step(units: number): void;
  levels(): Costs;
  running(): readonly string[];
  records(): readonly (readonly string[])[];
}

/** Of the first bucket, of the second one, which is a shadow, and of the budget. */
export type Costs = readonly [number, number, number];

interface Reservation {
  left: number;
  /** By counter; undefined where nothing was taken. */
  charged: (number | undefined)[];
  used: readonly number[] | undefined;
  record: string;
  appended: string;
  isSwept: boolean;
}

export interface ReferenceLimits {
  /** Of the two buckets and the budget. */
  readonly capacities: Costs;
  readonly maxRunning: number;
  readonly leaseUnits: number;
}

export function createReference({ capacities, maxRunning, leaseUnits }: ReferenceLimits): AdmissionReference {
  const taken: [number, number, number] = [0, 0, 0];
  const leases = new Map<string, number>();
  const reservations = new Map<string, Reservation>();
  const records: (readonly string[])[] = [];

  function purge(): void {
    for (const [id, left] of leases) if (left <= 0) leases.delete(id);
  }

  /** Charges what is owed beyond what was charged. A bucket that is full forgets what it is owed more than that. */
  function charge(reservation: Reservation, totals: readonly number[]): void {
    for (const at of taken.keys()) {
      const [before, total] = [reservation.charged[at], totals[at]];
      if (before === undefined || total === undefined) continue;
      taken[at] = Math.max(0, (taken[at] ?? 0) + total - before);
      reservation.charged[at] = total;
    }
  }

  return {
    admit(id, costs, record) {
      purge();
      const refuses = capacities.map((capacity, at) => {
        const cost = costs[at] ?? 0;
        // A bucket lets in what is larger when it is full; a budget does not.
        return (taken[at] ?? 0) + (at === 2 ? cost : Math.min(cost, capacity)) > capacity;
      });
      const [first = false, shadow = false, money = false] = refuses;
      if (first || money || leases.size >= maxRunning) return { isAdmitted: false, isShadowed: shadow };
      const charged = costs.map((cost, at) => (refuses[at] === true ? undefined : cost));
      for (const [at, cost] of charged.entries()) taken[at] = (taken[at] ?? 0) + (cost ?? 0);
      leases.set(id, leaseUnits);
      reservations.set(id, { left: leaseUnits, charged, used: undefined, record, appended: '', isSwept: false });
      return { isAdmitted: true, isShadowed: shadow };
    },
    renew(id, soFar, record) {
      const reservation = reservations.get(id);
      if (reservation === undefined) return;
      purge();
      if (leases.has(id)) leases.set(id, leaseUnits);
      Object.assign(reservation, { left: leaseUnits, used: soFar, record, isSwept: false });
    },
    settle(id, totals, record) {
      leases.delete(id);
      const reservation = reservations.get(id);
      if (reservation === undefined) return;
      charge(reservation, totals);
      records.push([id, record, reservation.appended]);
      reservations.delete(id);
    },
    sweep() {
      const lapsed = [...reservations].filter(([, { left, isSwept }]) => left <= 0 && !isSwept);
      for (const [id, reservation] of lapsed.toSorted(([, a], [, b]) => a.left - b.left)) {
        charge(reservation, reservation.used ?? []);
        records.push([id, reservation.record, reservation.appended]);
        Object.assign(reservation, { appended: reservation.record, isSwept: true });
      }
    },
    step(units) {
      // A bucket that is full has no redis key, so a clock that goes back takes nothing from it.
      for (const at of [0, 1]) {
        const level = taken[at] ?? 0;
        taken[at] = level === 0 ? 0 : Math.max(0, level - units);
      }
      for (const [id, left] of leases) leases.set(id, left - units);
      for (const reservation of reservations.values()) reservation.left -= units;
    },
    levels: () => [...taken],
    running: () => [...reservations].filter(([, { isSwept }]) => !isSwept).map(([id]) => id),
    records: () => records,
  };
}
