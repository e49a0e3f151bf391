import type { Store } from '@ccg/store';
import type { AdmissionRequest, ConcurrencyLimit, Decision, WaitEnd } from './limits.ts';
import { ticketOf } from './wait.ts';
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

/** Keeps a request waiting that a cap refuses, if it may wait. Rejects with the reason of its signal. */
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
    const last = await takeTurns(decision, waiter, (isGranted) => decide(request, isGranted));
    isAdmitted = last.kind === 'admitted';
    return last;
  } finally {
    waiter.close(isAdmitted);
  }
}

async function takeTurns(
  refusal: Decision,
  { turn }: Waiter,
  decide: (isGranted: boolean) => Promise<Decided>,
): Promise<Decision> {
  let refused = refusal;
  for (;;) {
    const next = await turn();
    if (next === 'full' || next === 'over') return endedBy(refused, next);
    const { decision, waitsFor } = await decide(next === 'granted');
    // A place that was granted lapses if it is not taken in time; then the request waits on where it was.
    if (waitsFor === undefined || next === 'away') return endedBy(decision, 'over');
    refused = decision;
  }
}

/** Only where a cap refuses is it for the wait that the request is refused. */
function endedBy(decision: Decision, wait: WaitEnd): Decision {
  const isForWait = decision.kind === 'limited' && decision.refused.limit.kind === 'concurrency';
  return isForWait ? { ...decision, wait } : decision;
}
