import type { Store } from '@ccg/store';
import type { AdmissionRequest, ConcurrencyLimit, Decision, WaitEnd } from './limits.ts';
import { ticketOf } from './wait.ts';
import type { Ticket } from './wait.ts';
import type { Waiter, WaitingRoom } from './waiting-room.ts';

export interface Decided {
  readonly decision: Decision;
  /** The cap that refuses now and may let the request in later. */
  readonly waitsFor: ConcurrencyLimit | undefined;
}

interface WaitDependencies {
  readonly store: Store;
  readonly room: WaitingRoom;
  readonly decide: (request: AdmissionRequest, isGranted: boolean) => Promise<Decided>;
}

/** Keeps a request waiting that a cap refuses, if it may wait. Rejects with the reason of its signal, or of its `limitsNow`. */
export async function waitUntilDecided(
  request: AdmissionRequest,
  { decision, waitsFor }: Decided,
  { store, room, decide }: WaitDependencies,
): Promise<Decision> {
  const { waiting } = request;
  if (waiting === undefined || waitsFor === undefined) return decision;
  const ticket = ticketOf(store, request, waitsFor.maxWaiting ?? 0);
  if (ticket === undefined) return decision;
  const waiter = room.open(ticket, waiting, waitsFor.maxWaitMs ?? 0);
  if (waiter === undefined) return endedBy(decision, 'full');
  let isAdmitted = false;
  try {
    waiting.began?.();
    const last = await takeTurns({ request, ticket, refused: decision }, waiter, { store, decide });
    isAdmitted = last.kind === 'admitted';
    return last;
  } finally {
    waiter.close(isAdmitted);
  }
}

interface Asking {
  readonly request: AdmissionRequest;
  readonly ticket: Ticket;
  readonly refused: Decision;
}

async function takeTurns(
  first: Asking,
  waiter: Waiter,
  { store, decide }: Pick<WaitDependencies, 'store' | 'decide'>,
): Promise<Decision> {
  let { request, ticket, refused } = first;
  for (;;) {
    const turn = await waiter.turn();
    if (turn === 'full' || turn === 'over') return endedBy(refused, turn);
    request = await withLimitsNow(request);
    const now = ticketOf(store, request, ticket.maxWaiting) ?? ticket;
    const isMoved = !isForSameSets(now, ticket);
    ticket = now;
    if (turn === 'recheck' && !isMoved) {
      waiter.update(ticket);
      continue;
    }
    // What other places it waited for is nobody's business any more, and it holds none of those that it needs now.
    if (isMoved) await waiter.leaveFor(ticket);
    const { decision, waitsFor } = await decide(request, turn === 'granted' && !isMoved);
    if (waitsFor === undefined || turn === 'away') return endedBy(decision, 'over');
    // The place has lapsed, or the cap was lowered: the request waits on where it was, and holds nothing meanwhile.
    await waiter.leaveFor(ticket);
    refused = decision;
  }
}

async function withLimitsNow(request: AdmissionRequest): Promise<AdmissionRequest> {
  const limits = await request.waiting?.limitsNow?.();
  return limits === undefined || limits === request.limits ? request : { ...request, limits };
}

function isForSameSets({ leaseSets: one }: Ticket, { leaseSets: other }: Ticket): boolean {
  return one.length === other.length && one.every(([set], at) => set === other[at]?.[0]);
}

/** Only where a cap refuses is it for the wait that the request is refused. */
function endedBy(decision: Decision, wait: WaitEnd): Decision {
  const isForWait = decision.kind === 'limited' && decision.refused.limit.kind === 'concurrency';
  return isForWait ? { ...decision, wait } : decision;
}
